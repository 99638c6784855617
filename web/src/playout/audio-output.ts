/** The page's one audio context: a playout node per remote audio track, the output clock, and the choice of speaker. */

import type { CodecChoice } from "../base/backends.ts";
import { systemClock } from "../base/clock.ts";
import { loadWasm } from "../codecs/wasm.ts";
import type { PlayoutAnswer, PlayoutCommand } from "./messages.ts";
import { OutputWatch, rememberLargeBuffers, wantsLargeBuffers } from "./output-watch.ts";
import { Speaker } from "./speaker.ts";
import workletUrl from "./worklet.ts?worker&url";

const CLOCK_EVERY_MS = 500;

/** One remote track's place in the audio graph. */
export interface AudioOutputTrack {
  /** For the decode worker; speaks `base/pcm-port.ts`. */
  readonly port: MessagePort;
  /** The frame port, for the decode worker to decode; null: the audio thread decodes by itself. */
  readonly frames: MessagePort | null;
  /** What is heard of this track; whoever wants to measure or record it may connect to it. */
  readonly node: AudioNode;
  /** Whether the loudspeaker plays it; it does at first. */
  setAudible(audible: boolean): void;
  remove(): void;
}

/** What the output tells its owner. */
export interface AudioOutputEvents {
  /** What the context plays at `contextTime` (s) is heard at `wallUs`. */
  onClock(contextTime: number, wallUs: number): void;
  /** The browser lets us play, or waits for a click first. */
  onRunning(running: boolean): void;
}

/** Plays remote sound. */
export class AudioOutput {
  readonly context: AudioContext;
  readonly #events: AudioOutputEvents;
  readonly #speaker: Speaker;
  readonly #watch = new OutputWatch();
  readonly #module: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(events: AudioOutputEvents) {
    this.#events = events;
    // "interactive" is 10 ms at a time and three of them waiting in Chromium, 0 is the least that the device can do.
    const latencyHint = wantsLargeBuffers() ? "interactive" : 0;
    // 48 kHz is Opus' own rate; the browser converts once, at the sound card.
    this.context = new AudioContext({ latencyHint, sampleRate: 48_000 });
    this.#speaker = new Speaker(this.context);
    this.#module = this.context.audioWorklet.addModule(workletUrl);
    // Whoever adds a track hears of it; without tracks nobody needs to.
    this.#module.catch(() => undefined);
    this.context.onstatechange = () => events.onRunning(this.context.state === "running");
    this.#timer = setInterval(() => {
      this.#watchOutput();
      this.#tellClock();
    }, CLOCK_EVERY_MS);
  }

  /** Whether sound comes out. */
  get running(): boolean {
    return this.context.state === "running";
  }

  /** Try to start; browsers refuse before the first gesture on the page. */
  async resume(): Promise<void> {
    this.#speaker.resume();
    const resumed = this.context.resume().catch(() => undefined);
    await Promise.race([resumed, new Promise((resolve) => setTimeout(resolve, 200))]);
    this.#tellClock();
    this.#events.onRunning(this.running);
  }

  /**
   * Make a place for one remote track.
   *
   * @param frames the reading end of its frame port: goes straight to the audio thread if libopus runs there, else comes back.
   * @throws when the audio thread's script could not be loaded, or all has ended.
   */
  async addTrack(frames: MessagePort, codecs: CodecChoice): Promise<AudioOutputTrack> {
    const [opus] = await Promise.all([codecs === "webcodecs" ? null : loadOpus(), this.#module]);
    const node = new AudioWorkletNode(this.context, "wsmedia-playout", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    // Behind the node, so that whoever measures or records it still hears what the loudspeaker does not play.
    const gate = this.context.createGain();
    node.connect(gate).connect(this.#speaker.input);
    const setAudible = (audible: boolean) => {
      gate.gain.value = audible ? 1 : 0;
    };
    const remove = () => {
      node.port.onmessage = null;
      tell(node, { type: "end" });
      node.disconnect();
      gate.disconnect();
    };
    const { port1: port, port2: sound } = new MessageChannel();
    if (opus !== null && (await loads(node, opus))) {
      tell(node, { type: "playOpus", sound, frames }, [sound, frames]);
      return { port, frames: null, node, setAudible, remove };
    }
    tell(node, { type: "playPcm", sound }, [sound]);
    return { port, frames, node, setAudible, remove };
  }

  /** Use another loudspeaker. @param deviceId of `enumerateDevices`, empty for the system's choice. */
  async useSpeaker(deviceId: string): Promise<void> {
    await this.#speaker.use(deviceId);
  }

  /** End everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.context.onstatechange = null;
    this.#speaker.close();
    await this.context.close();
  }

  #watchOutput(): void {
    if (!this.running) this.#watch.pause();
    else if (this.#watch.read(this.context.currentTime, systemClock.monotonic())) rememberLargeBuffers();
  }

  #tellClock(): void {
    if (!this.running) return;
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    if (contextTime !== undefined && performanceTime !== undefined && contextTime > 0 && performanceTime > 0) {
      this.#events.onClock(contextTime, (performance.timeOrigin + performanceTime) * 1000);
      return;
    }
    const latency = this.context.outputLatency || this.context.baseLatency || 0;
    this.#events.onClock(this.context.currentTime - latency, systemClock.wallUs());
  }
}

/** The compiled libopus, or null where WebAssembly or the file cannot be had. */
function loadOpus(): Promise<WebAssembly.Module | null> {
  return loadWasm("opus").catch(() => null);
}

function tell(node: AudioWorkletNode, command: PlayoutCommand, transfer: Transferable[] = []): void {
  node.port.postMessage(command, transfer);
}

/** Whether libopus runs in the audio thread. */
function loads(node: AudioWorkletNode, module: WebAssembly.Module): Promise<boolean> {
  return new Promise((resolve) => {
    node.port.onmessage = (event: MessageEvent<PlayoutAnswer>) => resolve(event.data.type === "loaded");
    try {
      tell(node, { type: "load", module });
    } catch {
      resolve(false);
    }
  });
}
