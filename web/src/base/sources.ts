/**
 * How raw pictures and sound get from the window, where tracks live, to the encode worker. Browsers differ in what they
 * offer, so each source comes in kinds; `capture` makes them, `encode` reads them, and neither knows the other.
 */

/** One raw picture. */
export interface CapturedPicture {
  /** Whoever takes it closes it. */
  readonly picture: VideoFrame | ImageBitmap;
  /** When it was captured, µs from any origin that stays the same for the source. */
  readonly timestampUs: number;
}

/** The part of `MediaStreamTrack` that workers know of; the type library of workers lacks it. */
export interface TransferredTrack {
  readonly kind: string;
  stop(): void;
}

/** Where the encode worker gets pictures from. */
export type PictureSource =
  /** A track processor's stream, made in the window. */
  | { readonly kind: "stream"; readonly stream: ReadableStream<VideoFrame> }
  /** A transferable track, for browsers that have the track processor in workers only. */
  | { readonly kind: "track"; readonly track: TransferredTrack }
  /**
   * Pictures that the window grabs: the reader posts `{ type: "pull" }`, the window answers each with one `CapturedPicture`, or
   * with null when no more come; the reader posts `{ type: "stop" }` when it has enough.
   */
  | { readonly kind: "port"; readonly port: MessagePort };

/** Where the encode worker gets sound from. */
export type SoundSource =
  /** A track processor's stream, made in the window. */
  | { readonly kind: "stream"; readonly stream: ReadableStream<AudioData> }
  /** Blocks that an audio worklet posts, as `base/sound-port.ts` has it. */
  | { readonly kind: "port"; readonly port: MessagePort };

/** What must be transferred along with a source. */
export function transferOf(source: PictureSource | SoundSource | null): Transferable[] {
  if (source === null) return [];
  if (source.kind === "stream") return [source.stream];
  if (source.kind === "port") return [source.port];
  return [source.track as unknown as Transferable];
}
