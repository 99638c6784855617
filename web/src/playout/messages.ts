/** What the window and the audio thread say to each other on a playout node's own port. Sound never goes this way. */

/** Window → audio thread. */
export type PlayoutCommand =
  /** libopus, compiled by the window, since worklets cannot fetch. It is sent before any port: what cannot be read is lost. */
  | { readonly type: "load"; readonly module: WebAssembly.Module }
  /** Decode and play what comes out of a frame port, after `loaded`; `sound` only takes reports to the decode worker. */
  | { readonly type: "playOpus"; readonly sound: MessagePort; readonly frames: MessagePort }
  /** Play what the decode worker decodes; `sound` speaks `base/pcm-port.ts` both ways. */
  | { readonly type: "playPcm"; readonly sound: MessagePort }
  | { readonly type: "end" };

/** Audio thread → window, once after `load`. */
export type PlayoutAnswer =
  | { readonly type: "loaded" }
  /** WebAssembly does not work here. */
  | { readonly type: "refused"; readonly detail: string };
