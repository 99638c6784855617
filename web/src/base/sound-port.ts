/** What an audio worklet that listens to a microphone and the encode worker say to each other on a `MessagePort`. */

/** Worklet → worker: one block of raw sound, about 10 ms. */
export interface SoundBlock {
  /** Mono, −1 … 1; the buffer is transferred. */
  readonly samples: Float32Array<ArrayBuffer>;
  readonly sampleRate: number;
  /** Of the first sample, µs from any origin that stays the same for the source. */
  readonly timestampUs: number;
}

/** Worker → worklet. */
export type SoundReaderMessage =
  /** One block more was taken; the worklet drops what comes while too many are not. */
  | { readonly type: "taken" }
  /** No more are wanted. */
  | { readonly type: "stop" };
