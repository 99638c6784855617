/**
 * The loudspeaker that an audio context plays on. Chromium lets a context choose; elsewhere an audio element can, which then
 * plays what the context gives it; where neither can, sound stays on the system's choice. Used by `AudioOutput`.
 */

interface ChoosingContext extends AudioContext {
  setSinkId(deviceId: string): Promise<void>;
}

/** Whether anything but the system's choice can be had in this browser. */
export const canChooseSpeaker = (): boolean =>
  [globalThis.AudioContext, globalThis.HTMLMediaElement].some(
    (made) => made !== undefined && "setSinkId" in made.prototype,
  );

const canChoose = (context: AudioContext): context is ChoosingContext => "setSinkId" in context;

/** One context's way out. */
export class Speaker {
  readonly #context: AudioContext;
  readonly #input: GainNode;
  #element: HTMLAudioElement | null = null;
  /** Gives the element what it plays; null while the context plays by itself. */
  #carrier: MediaStreamAudioDestinationNode | null = null;

  constructor(context: AudioContext) {
    this.#context = context;
    this.#input = context.createGain();
    this.#input.connect(context.destination);
  }

  /** Whether anything but the system's choice can be had. */
  get canChoose(): boolean {
    return canChoose(this.#context) || "setSinkId" in HTMLMediaElement.prototype;
  }

  /** Connect here what is to be heard. */
  get input(): AudioNode {
    return this.#input;
  }

  /**
   * Use another loudspeaker.
   *
   * @param deviceId of `enumerateDevices`, empty for the system's choice.
   * @throws DOMException when there is no such device, or it is not allowed; the old one stays in use.
   */
  async use(deviceId: string): Promise<void> {
    if (canChoose(this.#context)) await this.#context.setSinkId(deviceId);
    else if (deviceId === "") this.#useDestination();
    else if (this.canChoose) await this.#useElement(deviceId);
  }

  /** The user has touched the page: an element may not play before. */
  resume(): void {
    if (this.#carrier !== null) void this.#element?.play().catch(() => undefined);
  }

  /** Play no more. */
  close(): void {
    this.#useDestination();
  }

  #useDestination(): void {
    if (this.#element === null || this.#carrier === null) return;
    this.#element.pause();
    this.#element.srcObject = null;
    this.#carrier = null;
    this.#input.disconnect();
    this.#input.connect(this.#context.destination);
  }

  async #useElement(deviceId: string): Promise<void> {
    // One element, however quickly choices follow each other: the last one counts.
    this.#element ??= new Audio();
    const element = this.#element;
    await element.setSinkId(deviceId);
    if (this.#carrier !== null) return;
    this.#carrier = this.#context.createMediaStreamDestination();
    element.srcObject = this.#carrier.stream;
    this.#input.disconnect();
    this.#input.connect(this.#carrier);
    this.resume();
  }
}
