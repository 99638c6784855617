/** The screen that we share in one room, beside the camera: asked for, published, and ended by us or by the browser's own button. */

import { type Publication, type Room, type ScreenProblem, ScreenShare } from "../sdk/index.ts";

const MOST_BITS_PER_SECOND = 2_500_000;

/** At most one screen at a time. */
export class SharedScreen {
  readonly #room: Room;
  readonly #share = new ScreenShare();
  readonly #changed: (track: MediaStreamTrack | null) => void;
  readonly #failed: (problem: ScreenProblem) => void;
  #publication: Publication | null = null;

  /**
   * @param changed gets the track that is shared, or null.
   * @param failed says why there is none although the user asked for it; that they changed their mind is no failure.
   */
  constructor(room: Room, changed: (track: MediaStreamTrack | null) => void, failed: (problem: ScreenProblem) => void) {
    this.#room = room;
    this.#changed = changed;
    this.#failed = failed;
    this.#share.addEventListener("change", () => this.#follow());
  }

  /** Begin, or end. Call it in the handler of a click or key: browsers want that. */
  async toggle(): Promise<void> {
    if (this.#share.track !== null) return this.#share.stop();
    const track = await this.#share.start();
    const { problem } = this.#share;
    if (track === null && problem !== null && problem !== "cancelled") this.#failed(problem);
  }

  /** The call is over. */
  close(): void {
    this.#share.stop();
  }

  #follow(): void {
    const { track } = this.#share;
    if (track === (this.#publication?.track ?? null)) return;
    this.#publication?.unpublish();
    this.#publication = null;
    if (track !== null) {
      // The call ended while the user was choosing.
      if (this.#room.state === "ended") {
        this.#share.stop();
        return;
      }
      this.#publication = this.#room.publish(track, { source: "screen", maxBitrateBps: MOST_BITS_PER_SECOND });
    }
    this.#changed(track);
  }
}
