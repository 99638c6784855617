/** Opus by the browser's AudioEncoder. */

import { type AudioFrame, FRAME_SAMPLES, SAMPLE_RATE } from "./audio-framer.ts";
import type { SoundEncoder, SoundEncoderEvents } from "./sound-encoder.ts";

const FRAME_US = 20_000;
const MOST_REMEMBERED = 32;

/** `opus` is in the standard, but not in every version of the type library; discontinuous transmission stays off. */
const configOf = (bitrate: number): AudioEncoderConfig & { opus: Record<string, unknown> } => ({
  codec: "opus",
  sampleRate: SAMPLE_RATE,
  numberOfChannels: 1,
  bitrate,
  opus: { frameDuration: FRAME_US, application: "voip", signal: "voice", usedtx: false },
});

function dataOf(samples: Float32Array<ArrayBuffer>, timestamp: number): AudioData {
  return new AudioData({
    format: "f32-planar",
    sampleRate: SAMPLE_RATE,
    numberOfFrames: FRAME_SAMPLES,
    numberOfChannels: 1,
    timestamp,
    data: samples,
  });
}

/** Encodes a little silence by an encoder of its own. @throws Error when nothing comes out. */
async function tryOut(bitrateBps: number): Promise<void> {
  let packets = 0;
  let problem = "no packet came out";
  const encoder = new AudioEncoder({
    output: () => {
      packets += 1;
    },
    error: (error) => {
      problem = error.message;
    },
  });
  encoder.configure(configOf(bitrateBps));
  for (const timestamp of [0, FRAME_US, 2 * FRAME_US]) {
    const data = dataOf(new Float32Array(FRAME_SAMPLES), timestamp);
    encoder.encode(data);
    data.close();
  }
  await encoder.flush();
  if (encoder.state !== "closed") encoder.close();
  if (packets === 0) throw new Error(problem);
}

/** @throws Error when the browser cannot encode Opus. */
export async function openWebCodecsSoundEncoder(bitrateBps: number, events: SoundEncoderEvents): Promise<SoundEncoder> {
  if (typeof AudioEncoder === "undefined") throw new Error("this browser has no AudioEncoder");
  await tryOut(bitrateBps);
  return new WebCodecsSoundEncoder(bitrateBps, events);
}

class WebCodecsSoundEncoder implements SoundEncoder {
  readonly backend = "webcodecs";
  readonly #events: SoundEncoderEvents;
  readonly #encoder: AudioEncoder;
  /** What belongs to the packets that have not come out yet, by timestamp. */
  readonly #inside = new Map<number, { frame: AudioFrame; startedMs: number }>();
  #timestampUs = 0;

  constructor(bitrateBps: number, events: SoundEncoderEvents) {
    this.#events = events;
    this.#encoder = new AudioEncoder({
      output: (chunk) => this.#give(chunk),
      error: (error) => events.onError(error.message),
    });
    this.#encoder.configure(configOf(bitrateBps));
  }

  get queueSize(): number {
    return this.#encoder.encodeQueueSize;
  }

  encode(frame: AudioFrame): void {
    // The encoder counts by itself from the first timestamp on, so it gets an even count and the times stay here.
    const timestamp = this.#timestampUs;
    this.#timestampUs += FRAME_US;
    this.#inside.set(timestamp, { frame, startedMs: performance.now() });
    for (const old of this.#inside.keys()) if (this.#inside.size > MOST_REMEMBERED) this.#inside.delete(old);
    const data = dataOf(frame.samples, timestamp);
    try {
      this.#encoder.encode(data);
    } finally {
      data.close();
    }
  }

  setBitrate(bitrateBps: number): void {
    this.#encoder.configure(configOf(bitrateBps));
  }

  close(): void {
    if (this.#encoder.state !== "closed") this.#encoder.close();
  }

  #give(chunk: EncodedAudioChunk): void {
    const key = Math.round(chunk.timestamp / FRAME_US) * FRAME_US;
    const entry = this.#inside.get(key);
    if (entry === undefined) return;
    this.#inside.delete(key);
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    this.#events.onEncoded(data, entry.frame, performance.now() - entry.startedMs);
  }
}
