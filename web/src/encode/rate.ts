/**
 * Which picture size and frame rate a bitrate and this machine can fill, so that a poor path gives a small sharp picture and
 * not a large smeared one, and a slow machine a small fluent one. Both walk the same ladder, each by its own reasons; the
 * lower of the two counts. Used by the encode worker. Time is an argument.
 */

/** Width and height in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Why less is sent than was asked for; the names are `RTCQualityLimitationReason`'s. */
export type Limitation = "none" | "bandwidth" | "cpu";

/** What is asked for when nothing is short. */
export interface Wish {
  /** What the camera or the screen gives. */
  readonly picture: PictureSize;
  readonly framerate: number;
  readonly content: "motion" | "detail";
}

/** One step of the ladder. */
export interface Rung {
  readonly size: PictureSize;
  readonly framerate: number;
}

/** Fractions of the source's size, largest first. */
const SCALES = [1, 0.75, 0.5, 0.375, 0.25] as const;
const FRAMERATES = [15, 8, 5] as const;
/** A rate this close to the one above it is not worth a step. */
const FRAMERATE_STEP = 0.8;

/** By content: what is given up first, the fewest pixels worth sending, bits per pixel below which a smaller one looks better. */
const CONTENT = {
  motion: { first: "size", leastPixels: 160 * 90, bitsPerPixel: 0.025 },
  // Text must stay legible, and most of a screen does not change from picture to picture.
  detail: { first: "framerate", leastPixels: 640 * 360, bitsPerPixel: 0.015 },
} as const;

/** A higher rung must be affordable with this much to spare, and for this long. */
const HEADROOM = 1.3;
const HOLD_S = 5;
/** How long too slow is too slow. */
const PATIENCE_S = 1.5;
/** Below this load there is room for a try. */
const EASE = 0.75;
/** How long a machine that was too slow must be at ease before the next rung is tried: at first, and at least and at most. */
const FIRST_TRY_S = 8;
const SOONEST_TRY_S = 3;
const LATEST_TRY_S = 120;
/** A try that has lasted this long has succeeded. */
const PROVEN_S = 4;
/** With so much load one rung down would not do. */
const HEAVY = 2.5;

/** A fraction of a size, with even sides as H.264's chroma wants them. */
export function scaledSize(size: PictureSize, scale: number): PictureSize {
  const even = (length: number) => Math.max(16, Math.round((length * scale) / 2) * 2);
  return { width: even(size.width), height: even(size.height) };
}

/** The steps from the wish down; never empty, the first is the wish itself. */
export function ladderOf({ picture, framerate, content }: Wish): readonly Rung[] {
  const { first, leastPixels } = CONTENT[content];
  const sizes = SCALES.map((scale) => scaledSize(picture, scale)).filter(
    ({ width, height }, index) => index === 0 || width * height >= leastPixels,
  );
  const framerates = [framerate];
  for (const lower of FRAMERATES) if (lower < (framerates.at(-1) ?? 0) * FRAMERATE_STEP) framerates.push(lower);
  const [largest = picture] = sizes;
  const [smallest = largest, slowest = framerate] = [sizes.at(-1), framerates.at(-1)];
  return first === "size"
    ? [
        ...sizes.map((size) => ({ size, framerate })),
        ...framerates.slice(1).map((lower) => ({ size: smallest, framerate: lower })),
      ]
    : [
        ...framerates.map((lower) => ({ size: largest, framerate: lower })),
        ...sizes.slice(1).map((size) => ({ size, framerate: slowest })),
      ];
}

/** Where on the ladder the bitrate puts us: down at once, up after it has lasted. */
class BandwidthStep {
  index = 0;
  #affordableSince: number | null = null;

  follow(ladder: readonly Rung[], bitsPerPixel: number, bitrateBps: number, now: number): void {
    const needed = ({ size, framerate }: Rung) => size.width * size.height * framerate * bitsPerPixel;
    const last = ladder.length - 1;
    this.index = Math.min(this.index, last);
    for (let rung = ladder[this.index]; rung !== undefined && bitrateBps < needed(rung); rung = ladder[this.index]) {
      this.#affordableSince = null;
      if (this.index === last) break;
      this.index += 1;
    }
    const higher = ladder[this.index - 1];
    if (higher === undefined || bitrateBps < needed(higher) * HEADROOM) {
      this.#affordableSince = null;
      return;
    }
    this.#affordableSince ??= now;
    if (now - this.#affordableSince < HOLD_S) return;
    this.#affordableSince = now;
    this.index -= 1;
  }
}

/** Where on the ladder the machine puts us: down after a moment, up by tries that come later when they fail. */
class LoadStep {
  index = 0;
  #overloadedSince: number | null = null;
  #easySince: number | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  #holdS = FIRST_TRY_S;

  /** @param present the rung that is in use, which bandwidth may have put lower than load has. */
  follow(last: number, present: number, load: number, now: number): void {
    this.index = Math.min(this.index, last);
    if (load >= 1) this.#overloaded(last, present, load, now);
    else this.#overloadedSince = null;
    if (load >= EASE) this.#easySince = null;
    else this.#easy(now);
  }

  #overloaded(last: number, present: number, load: number, now: number): void {
    this.#overloadedSince ??= now;
    if (now - this.#overloadedSince < PATIENCE_S || present >= last) return;
    const failed = now - this.#triedAt < PROVEN_S + PATIENCE_S;
    this.#holdS = failed ? Math.min(LATEST_TRY_S, Math.max(FIRST_TRY_S, this.#holdS * 2)) : FIRST_TRY_S;
    this.#triedAt = Number.NEGATIVE_INFINITY;
    this.#overloadedSince = null;
    this.index = Math.min(last, present + (load >= HEAVY ? 2 : 1));
  }

  #easy(now: number): void {
    this.#easySince ??= now;
    if (this.#triedAt !== Number.NEGATIVE_INFINITY && now - this.#triedAt >= PROVEN_S) {
      this.#triedAt = Number.NEGATIVE_INFINITY;
      this.#holdS = Math.max(SOONEST_TRY_S, Math.min(FIRST_TRY_S, this.#holdS) / 2);
    }
    if (this.index === 0 || now - this.#easySince < this.#holdS) return;
    this.index -= 1;
    this.#easySince = now;
    this.#triedAt = now;
  }
}

/** Chooses what to send; one per track. */
export class QualityChooser {
  readonly #bandwidth = new BandwidthStep();
  readonly #load = new LoadStep();
  #wish: Wish | null = null;
  #ladder: readonly Rung[] = [];

  /**
   * Choose for now; to be asked for every picture.
   *
   * @param bitrateBps what may be spent.
   * @param load how busy the machine is with the present choice: 1 is just too much (`LoadMeter`).
   * @param now seconds, monotonic.
   */
  choose(wish: Wish, bitrateBps: number, load: number, now: number): Rung & { readonly limitation: Limitation } {
    const old = this.#wish;
    if (
      old?.framerate !== wish.framerate ||
      old.content !== wish.content ||
      old.picture.width !== wish.picture.width ||
      old.picture.height !== wish.picture.height
    ) {
      this.#wish = wish;
      this.#ladder = ladderOf(wish);
    }
    const ladder = this.#ladder;
    const present = Math.min(ladder.length - 1, Math.max(this.#bandwidth.index, this.#load.index));
    this.#load.follow(ladder.length - 1, present, load, now);
    this.#bandwidth.follow(ladder, CONTENT[wish.content].bitsPerPixel, bitrateBps, now);
    const index = Math.max(this.#bandwidth.index, this.#load.index);
    const rung = ladder[index] ?? { size: wish.picture, framerate: wish.framerate };
    const limitation = index === 0 ? "none" : this.#load.index > this.#bandwidth.index ? "cpu" : "bandwidth";
    return { ...rung, limitation };
  }
}
