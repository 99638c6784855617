/**
 * Takes sound from tracks by an audio worklet, for browsers without MediaStreamTrackProcessor. One audio context serves all
 * tracks; it sleeps while there is none. Used by `soundOf`.
 */

import workletUrl from "./sound-worklet.ts?worker&url";

/** 48 kHz is what Opus wants. Firefox takes a microphone only at its own rate: then any rate will do, the encoder converts. */
const WANTED_RATE = 48_000;
const GESTURES = ["pointerdown", "keydown"] as const;

/** What capturing needs of the browser; tests put something else behind it. */
export interface SoundRealm {
  makeContext(options: AudioContextOptions): AudioContext;
  makeNode(context: AudioContext): AudioWorkletNode;
  makeStream(track: MediaStreamTrack): MediaStream;
  readonly gestures: Pick<EventTarget, "addEventListener" | "removeEventListener">;
}

const browserRealm: SoundRealm = {
  makeContext: (options) => new AudioContext(options),
  makeNode: (context) =>
    new AudioWorkletNode(context, "wsmedia-capture", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [1],
      channelCount: 1,
      channelCountMode: "explicit",
    }),
  makeStream: (track) => new MediaStream([track]),
  get gestures() {
    return window;
  },
};

interface Running {
  readonly context: AudioContext;
  readonly loaded: Promise<void>;
}

/** Captures any number of tracks. */
export class SoundCapture {
  readonly #realm: SoundRealm;
  #running: Running | null = null;
  #rate: number | null = WANTED_RATE;
  #users = 0;
  readonly #resume = (): void => {
    if (this.#running !== null && this.#users > 0) void this.#running.context.resume().catch(() => undefined);
  };

  constructor(realm: SoundRealm = browserRealm) {
    this.#realm = realm;
  }

  /**
   * Let a track be heard in a port, from now until its reader says `stop`.
   *
   * @param reader gives `SoundBlock`s (`base/sound-port.ts`); stays silent when the browser cannot do it.
   */
  async connect(track: MediaStreamTrack, reader: MessagePort): Promise<void> {
    this.#users += 1;
    try {
      const { context, source } = this.#sourceOf(track);
      await this.#running?.loaded;
      const node = this.#realm.makeNode(context);
      node.port.onmessage = () => {
        source.disconnect();
        node.disconnect();
        this.#release();
      };
      source.connect(node);
      node.connect(context.destination);
      node.port.postMessage({ reader }, [reader]);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #sourceOf(track: MediaStreamTrack): { context: AudioContext; source: MediaStreamAudioSourceNode } {
    const stream = this.#realm.makeStream(track);
    const first = this.#start();
    try {
      return { context: first, source: first.createMediaStreamSource(stream) };
    } catch (error) {
      if (this.#rate === null) throw error;
      this.#rate = null;
      this.#running = null;
      void first.close();
      const second = this.#start();
      return { context: second, source: second.createMediaStreamSource(stream) };
    }
  }

  /** Start the context, or wake it. Browsers may refuse until the user does something on the page. */
  #start(): AudioContext {
    if (this.#running === null) {
      const rate = this.#rate === null ? {} : { sampleRate: this.#rate };
      const context = this.#realm.makeContext({ latencyHint: "interactive", ...rate });
      const loaded = context.audioWorklet.addModule(workletUrl);
      loaded.catch(() => undefined);
      this.#running = { context, loaded };
      context.onstatechange = () => this.#listen(context.state !== "running" && this.#users > 0);
    }
    this.#resume();
    this.#listen(this.#running.context.state !== "running");
    return this.#running.context;
  }

  #listen(wanted: boolean): void {
    for (const gesture of GESTURES) {
      if (wanted) this.#realm.gestures.addEventListener(gesture, this.#resume);
      else this.#realm.gestures.removeEventListener(gesture, this.#resume);
    }
  }

  #release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#listen(false);
    void this.#running?.context.suspend().catch(() => undefined);
  }
}
