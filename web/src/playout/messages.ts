/** What the window and the audio thread say to each other on a playout node's own port. Sound never goes this way. */

/** Window → audio thread. */
export type PlayoutCommand =
  /** Play what the decode worker decodes; `sound` speaks `base/pcm-port.ts` both ways. */
  | { readonly type: "playPcm"; readonly sound: MessagePort }
  /** Decode and play what comes out of a frame port; `sound` only takes reports to the decode worker. */
  | {
      readonly type: "playOpus";
      readonly sound: MessagePort;
      readonly frames: MessagePort;
      /** libopus, compiled by the window: worklets cannot fetch. */
      readonly module: WebAssembly.Module;
    }
  | { readonly type: "end" };

/** Audio thread → window, once after `playOpus`. */
export type PlayoutAnswer =
  | { readonly type: "playing" }
  /** WebAssembly does not work here; the ports come back as they were. */
  | {
      readonly type: "refused";
      readonly detail: string;
      readonly sound: MessagePort;
      readonly frames: MessagePort;
    };
