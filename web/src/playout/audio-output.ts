/** The page's one audio context: a playout node per remote audio track, the output clock, and the choice of speaker. */

import { systemClock } from "../base/clock.ts";
import workletUrl from "./worklet.ts?worker&url";

const CLOCK_EVERY_MS = 500;

/** One remote track's place in the audio graph. */
export interface AudioOutputTrack {
  /** For the decode worker; speaks `base/pcm-port.ts`. */
  readonly port: MessagePort;
  /** What is heard of this track; whoever wants to measure or record it may connect to it. */
  readonly node: AudioNode;
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
  readonly #module: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(events: AudioOutputEvents) {
    this.#events = events;
    // 48 kHz is Opus' own rate; the browser converts once, at the sound card.
    this.context = new AudioContext({ latencyHint: "interactive", sampleRate: 48_000 });
    this.#module = this.context.audioWorklet.addModule(workletUrl);
    // Whoever adds a track hears of it; without tracks nobody needs to.
    this.#module.catch(() => undefined);
    this.context.onstatechange = () => events.onRunning(this.context.state === "running");
    this.#timer = setInterval(() => this.#tellClock(), CLOCK_EVERY_MS);
  }

  /** Whether sound comes out. */
  get running(): boolean {
    return this.context.state === "running";
  }

  /** Try to start; browsers refuse before the first gesture on the page. */
  async resume(): Promise<void> {
    const resumed = this.context.resume().catch(() => undefined);
    await Promise.race([resumed, new Promise((resolve) => setTimeout(resolve, 200))]);
    this.#tellClock();
    this.#events.onRunning(this.running);
  }

  /** Make a place for one remote track. @throws when the audio thread's script could not be loaded, or all has ended. */
  async addTrack(): Promise<AudioOutputTrack> {
    await this.#module;
    const node = new AudioWorkletNode(this.context, "wsmedia-playout", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    const { port1, port2 } = new MessageChannel();
    node.port.postMessage({ source: port2 }, [port2]);
    node.connect(this.context.destination);
    const remove = () => {
      node.port.postMessage({ ended: true });
      node.disconnect();
    };
    return { port: port1, node, remove };
  }

  /** Use another loudspeaker. @param deviceId of `enumerateDevices`, empty for the system's choice. */
  async useSpeaker(deviceId: string): Promise<void> {
    const context = this.context as AudioContext & { setSinkId?: (deviceId: string) => Promise<void> };
    await context.setSinkId?.(deviceId);
  }

  /** End everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.context.onstatechange = null;
    await this.context.close();
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
