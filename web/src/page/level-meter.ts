/** How loud the microphone is, for the lobby's meter; runs only once the browser lets an audio context run. */

const EVERY_MS = 100;

/** Watches one microphone track at a time. */
export class LevelMeter {
  readonly #report: (level: number) => void;
  #context: AudioContext | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #track: MediaStreamTrack | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param report gets 0 … 1 ten times a second. */
  constructor(report: (level: number) => void) {
    this.#report = report;
  }

  /** Watch this track; null for none. */
  watch(track: MediaStreamTrack | null): void {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    clearInterval(this.#timer);
    if (track === null) return;
    this.#context ??= new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      const decibels = 10 * Math.log10(sum / samples.length + 1e-9);
      this.#report(Math.max(0, Math.min(1, (60 + decibels) / 50)));
    }, EVERY_MS);
  }

  /** The user has clicked: the context may run now. */
  resume(): void {
    void this.#context?.resume();
  }

  close(): void {
    this.watch(null);
    void this.#context?.close();
    this.#context = null;
  }
}
