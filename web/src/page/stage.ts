/**
 * The stage: whom and what one sees of the call. Up to sixteen tiles at equal size, or one large with the others in a strip;
 * who has no seat is heard only: the SDK sees that their surfaces are hidden, and has nothing sent for them. Speakers get a seat.
 */

import type { RemoteParticipant, RemoteTrack } from "../sdk/index.ts";
import { element } from "./dom.ts";
import { OthersTile } from "./others-tile.ts";
import { Seats } from "./seats.ts";
import type { SelfView } from "./self-view.ts";
import { Speakers } from "./speakers.ts";
import { StallWatch } from "./stall-watch.ts";
import { strings } from "./strings.ts";
import { type Area, featuredRects, gridCapacity, gridRects, makeWay, type Rect, stripCapacity } from "./tile-layout.ts";
import { ownScreenTile, personTile, screenTile } from "./tile-state.ts";
import { TileView } from "./tile-view.ts";

const GAP = 10;
/** With more tiles than these, a floating picture of ourselves would hide a whole one. */
const MOST_BESIDE_FLOATING = 6;
/** How much of another's tile our own may be wide while it floats. */
const SELF_SHARE = 0.6;
const OWN_SCREEN = "self:screen";
const screenKey = (participantId: string): string => `${participantId}:screen`;

/** Something that can have a place: a person's or a screen's tile. */
interface Entry {
  readonly tile: TileView;
  /** What is shown; null for our own. */
  track: RemoteTrack | null;
}

/** All tiles. */
export class Stage {
  readonly root = element("div", { class: "stage", role: "region", "aria-label": strings.call.stage });
  readonly #self: SelfView;
  readonly #selfId: () => string | null;
  readonly #entries = new Map<string, Entry>();
  readonly #others = new OthersTile();
  readonly #ownScreen = element("video", { autoplay: true, playsinline: true });
  readonly #seats = new Seats();
  readonly #speakers = new Speakers();
  readonly #stalls = new StallWatch();
  readonly #resize = new ResizeObserver(() => this.layOut());
  #people: readonly RemoteParticipant[] = [];
  /** What the user wants large. */
  #pinned: string | null = null;
  /** Screens that the user has made small again. */
  readonly #shrunk = new Set<string>();

  /** @param selfId our own id in the room, once it is known. */
  constructor(self: SelfView, selfId: () => string | null) {
    this.#self = self;
    this.#selfId = selfId;
    this.#ownScreen.muted = true;
    this.root.append(this.#others.root, self.tile.root, self.restore);
    this.#resize.observe(this.root);
  }

  get alone(): boolean {
    return this.#people.length === 0;
  }

  /** Follow who is in the room and what they let see. */
  showPeople(people: readonly RemoteParticipant[]): void {
    this.#people = people;
    const present = new Set<string>([OWN_SCREEN]);
    for (const person of people) {
      present.add(person.id);
      this.#show(person.id, person.id, "person", person.track("camera")).show(personTile(person));
      const screen = person.track("screen");
      if (screen === null || screen.muted) continue;
      present.add(screenKey(person.id));
      this.#show(screenKey(person.id), person.id, "screen", screen).show(screenTile(person, screen));
    }
    for (const key of this.#entries.keys()) if (!present.has(key)) this.#remove(key);
    this.layOut();
  }

  /** Show the screen that we share; null: none. */
  showOwnScreen(name: string, track: MediaStreamTrack | null): void {
    const shown = (this.#ownScreen.srcObject as MediaStream | null)?.getVideoTracks()[0] ?? null;
    if (shown === track) return;
    this.#ownScreen.srcObject = track === null ? null : new MediaStream([track]);
    if (track === null) this.#remove(OWN_SCREEN);
    else this.#show(OWN_SCREEN, "self", "screen", null).show(ownScreenTile(name, this.#ownScreen));
    this.layOut();
  }

  /** @param levels by participant id, 0 … 1. @param now ms. */
  showLevels(levels: ReadonlyMap<string, number>, now: number): void {
    this.#speakers.update(levels, now);
    for (const { id } of this.#people) {
      const entry = this.#entries.get(id);
      if (entry !== undefined) entry.tile.speaking = this.#speakers.isSpeaking(id);
    }
    const selfId = this.#selfId();
    this.#self.tile.speaking = selfId !== null && this.#speakers.isSpeaking(selfId);
    this.#others.speaking = this.#others.ids.some((id) => this.#speakers.isSpeaking(id));
    // Only when somebody waits for a seat can a speaker change the layout.
    if (this.#others.ids.length > 0) this.layOut();
  }

  /** Find pictures that stand still. @param frames decoded of a track, null if not known. @param now ms. */
  watch(frames: (trackId: string) => number | null, now: number): void {
    for (const [key, { tile, track }] of this.#entries) {
      if (track === null) continue;
      const expected = track.live && !track.muted && !track.paused && !tile.root.hidden;
      tile.stalled = this.#stalls.isStalled(key, expected ? frames(track.id) : null, now);
    }
  }

  /** Everybody at equal size again. */
  shrink(): void {
    const featured = this.#featured();
    if (featured !== null) this.#toggle(featured);
  }

  /** Give everybody a place. Reads the stage's size, so that it is called when that or anything on it has changed. */
  layOut(): void {
    const box = this.root.getBoundingClientRect();
    const area = { width: Math.floor(box.width), height: Math.floor(box.height) };
    if (area.width === 0 || area.height === 0) return;
    const featured = this.#featured();
    this.root.classList.toggle("has-feature", featured !== null);
    if (featured === null) this.#layOutGrid(area);
    else this.#layOutFeatured(featured, area);
  }

  close(): void {
    this.#resize.disconnect();
    this.#ownScreen.srcObject = null;
    this.#self.close();
  }

  #layOutGrid(area: Area): void {
    const screens = this.#screens(null);
    const taken = screens.length;
    const selfInside = this.#selfJoinsGrid(taken);
    const capacity = gridCapacity(area, GAP, taken + (selfInside ? 1 : 0));
    const { seated, waiting } = this.#seat(capacity, 1, null);
    const count = taken + seated.length + (waiting.length > 0 ? 1 : 0) + (selfInside ? 1 : 0);
    const rects = gridRects(count, area, GAP);
    this.root.style.setProperty("--self-most", `${Math.round((rects[0]?.width ?? 0) * SELF_SHARE)}px`);
    if (!selfInside) this.#self.placeFloating();
    const placed = selfInside ? rects : makeWay(rects, this.#self.floatingRect, area, GAP);
    this.#place(placed, [...screens, ...seated], waiting, selfInside, null);
  }

  #layOutFeatured(featured: string, area: Area): void {
    const screens = this.#screens(featured);
    const free = stripCapacity(area, GAP) - screens.length;
    const selfInside = !this.#self.minimised && free > 1;
    const { seated, waiting } = this.#seat(Math.max(1, selfInside ? free - 1 : free), 0, featured);
    const count = screens.length + seated.length + (waiting.length > 0 ? 1 : 0) + (selfInside ? 1 : 0);
    const { feature, strip } = featuredRects(count, area, GAP);
    this.#place(strip, [...screens, ...seated], waiting, selfInside, { key: featured, rect: feature });
  }

  /** Alone we fill the stage, however small we made ourselves; in a crowd a floating picture would hide somebody. */
  #selfJoinsGrid(screens: number): boolean {
    if (this.alone && screens === 0) return true;
    return !this.#self.minimised && this.#people.length + screens > MOST_BESIDE_FLOATING;
  }

  /** Hand out the places in order: screens and people, those without a seat, ourselves. */
  #place(
    rects: readonly Rect[],
    shown: readonly string[],
    waiting: readonly string[],
    selfInside: boolean,
    feature: { readonly key: string; readonly rect: Rect } | null,
  ): void {
    const places = new Map(shown.map((key, index) => [key, rects[index] ?? null]));
    if (feature !== null) places.set(feature.key, feature.rect);
    for (const [key, { tile }] of this.#entries) {
      const rect = places.get(key) ?? null;
      tile.place(rect);
      tile.featured = key === feature?.key;
    }
    const names = waiting.map((id) => this.#entries.get(id)?.tile.state?.name ?? strings.call.someone);
    this.#others.show(waiting, names, waiting.length > 0 ? (rects[shown.length] ?? null) : null);
    const own = rects[rects.length - 1];
    if (selfInside && own !== undefined) this.#self.placeInside(own);
    else this.#self.placeFloating();
  }

  /** Who of the people has a seat: one seat less when some have none, for the tile that says so, but at least so many. */
  #seat(capacity: number, least: 0 | 1, featured: string | null) {
    const ids = this.#people.map(({ id }) => id).filter((id) => id !== featured);
    const seats = ids.length > capacity ? Math.max(least, capacity - 1) : capacity;
    const speaker = this.#speakers.loudest(ids);
    const seated = this.#seats.choose(ids, seats, speaker, (id) => this.#speakers.lastSpoke(id), performance.now());
    const sitting = new Set(seated);
    return { seated, waiting: ids.filter((id) => !sitting.has(id)) };
  }

  #screens(except: string | null): string[] {
    return [...this.#entries].filter(([key, { tile }]) => tile.kind === "screen" && key !== except).map(([key]) => key);
  }

  /** What is large: what the user pinned, else the newest screen of somebody else. */
  #featured(): string | null {
    if (this.#pinned !== null && this.#entries.has(this.#pinned)) return this.#pinned;
    const screens = this.#screens(OWN_SCREEN).filter((key) => !this.#shrunk.has(key));
    return screens[screens.length - 1] ?? null;
  }

  #toggle(key: string): void {
    const wasLarge = this.#featured() === key;
    this.#pinned = wasLarge ? null : key;
    if (wasLarge && this.#entries.get(key)?.tile.kind === "screen") this.#shrunk.add(key);
    else this.#shrunk.delete(key);
    this.layOut();
  }

  #show(key: string, participantId: string, kind: "person" | "screen", track: RemoteTrack | null): TileView {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { tile: new TileView(participantId, kind, () => this.#toggle(key)), track };
      this.#entries.set(key, entry);
      this.root.insertBefore(entry.tile.root, this.#others.root);
    }
    entry.track = track;
    return entry.tile;
  }

  #remove(key: string): void {
    this.#entries.get(key)?.tile.root.remove();
    this.#entries.delete(key);
    this.#speakers.forget(key);
    this.#shrunk.delete(key);
    if (this.#pinned === key) this.#pinned = null;
  }
}
