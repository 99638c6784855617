/**
 * The user's screen, a window or a tab: asks for it and notices when it ends, by us or by the browser's own button. Used by
 * the page beside `LocalMedia`, and by whoever publishes a screen with the SDK.
 */

/** Why a screen cannot be had, in few kinds that the page has words for. */
export type ScreenProblem =
  /** The page is not in a secure context. */
  | "insecure"
  /** This browser or system cannot show screens to pages; telephones mostly. */
  | "unsupported"
  /** The user closed the browser's dialog without choosing anything. Nothing is wrong. */
  | "cancelled"
  /** The system does not allow it. */
  | "denied"
  /** The system could not start it. */
  | "busy";

/** What to ask for. */
export interface ScreenOptions {
  /** Pictures per second; most screens stand still. */
  readonly framerate?: number;
  /** What it shows: text and pictures that must be sharp, or a film that must be fluent. */
  readonly content?: "detail" | "text" | "motion";
}

const FRAMERATE = 8;
const MOST_WIDTH = 2560;
const MOST_HEIGHT = 1440;

/** Translate what `getDisplayMedia` threw (W3C Screen Capture §5.2). */
export function screenProblemOf(error: unknown): ScreenProblem {
  const { name, message } = (error ?? {}) as Partial<DOMException>;
  switch (name) {
    case "NotAllowedError":
      // The standard has one name for both; only Chromium's words tell them apart.
      return /system/i.test(message ?? "") ? "denied" : "cancelled";
    case "SecurityError":
      return "denied";
    case "NotSupportedError":
    case "NotFoundError":
    case "TypeError":
      return "unsupported";
    default:
      return "busy";
  }
}

/** One screen at a time; dispatches `change` when its track or the problem has changed. */
export class ScreenShare extends EventTarget {
  #track: MediaStreamTrack | null = null;
  #problem: ScreenProblem | null = null;
  #starting: Promise<MediaStreamTrack | null> | null = null;
  /** Counts calls of `stop`; a screen that was asked for before the last one is not wanted any more. */
  #turn = 0;

  /** Whether it is worth to offer a button. */
  static get supported(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** What is being shared now; null: nothing. */
  get track(): MediaStreamTrack | null {
    return this.#track;
  }

  /** Why the last `start` gave nothing. */
  get problem(): ScreenProblem | null {
    return this.#problem;
  }

  /**
   * Let the user choose what to share; to be called in the handler of a click. While something is shared, gives that.
   *
   * @returns null when there is nothing to share; then `problem` says why, unless `stop` was called meanwhile.
   */
  start(options: ScreenOptions = {}): Promise<MediaStreamTrack | null> {
    if (this.#track !== null) return Promise.resolve(this.#track);
    this.#starting ??= this.#ask(options).finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** Share nothing. */
  stop(): void {
    this.#turn += 1;
    this.#adopt(null, null);
  }

  async #ask({ framerate = FRAMERATE, content = "detail" }: ScreenOptions): Promise<MediaStreamTrack | null> {
    const turn = this.#turn;
    if (!ScreenShare.supported) {
      this.#adopt(null, isSecureContext ? "unsupported" : "insecure");
      return null;
    }
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: {
          frameRate: { ideal: framerate, max: framerate },
          width: { max: MOST_WIDTH },
          height: { max: MOST_HEIGHT },
        },
        audio: false,
        // Newer than the type library: another tab may be chosen without asking again, this one would show itself for ever.
        ...{ selfBrowserSurface: "exclude", surfaceSwitching: "include" },
      });
      const [track = null] = stream.getVideoTracks();
      if (turn !== this.#turn) {
        for (const unwanted of stream.getTracks()) unwanted.stop();
        return null;
      }
      if (track !== null) track.contentHint = content;
      this.#adopt(track, track === null ? "busy" : null);
      return track;
    } catch (error) {
      if (turn === this.#turn) this.#adopt(null, screenProblemOf(error));
      return null;
    }
  }

  #adopt(track: MediaStreamTrack | null, problem: ScreenProblem | null): void {
    if (this.#track === track && this.#problem === problem) return;
    if (this.#track !== null) {
      this.#track.onended = null;
      this.#track.stop();
    }
    this.#track = track;
    this.#problem = problem;
    // The browser's own button, or the window that was shared has closed.
    if (track !== null) track.onended = () => this.#adopt(null, null);
    this.dispatchEvent(new Event("change"));
  }
}
