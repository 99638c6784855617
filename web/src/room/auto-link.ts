/**
 * The ladder as one way into a room: native WebRTC where it carries media, the tunnel everywhere else, and from one to the other
 * during the call without leaving. While it changes, two links lead into the room as the same participant (PROTOCOL.md §3.1);
 * the old one is left when the new one carries everything. `Ladder` decides what to enter by and when.
 */

import type { MediaKind, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import { type Choice, contextOf, Ladder, type LadderParts, realLadderParts } from "./ladder.ts";
import type { LinkEvents, LinkOptions, LinkPublication, RoomLink } from "./link.ts";
import { NativeLink } from "./native-link.ts";
import { RelayedPublications } from "./relayed-publications.ts";
import { SilenceWatch } from "./silence-watch.ts";
import type { RoomStatsReport } from "./stats.ts";
import { type Brought, Succession, type Way } from "./succession.ts";
import { TunnelLink } from "./tunnel-link.ts";
import type { PathReading, Policy, RoomEnd, RoomMode, RoomState, TrackReading } from "./vocabulary.ts";
import { WayLog } from "./way-log.ts";

const TICK_MS = 250;
/** A connection that the browser calls interrupted gets so long to come back, ms. */
const INTERRUPTED_MS = 1_000;
/** A native way that is not up by then is given up for now, ms. */
const LONGEST_ENTRY_MS = 10_000;
/** Others need so long until they see the new way's first picture, ms; the old way goes on meanwhile. */
const OVERLAP_MS = 1_500;
/** Whatever the new way does not bring by then, the old one is left, ms. */
const LONGEST_OVERLAP_MS = 4_000;
const SECRET_BYTES = 16;

/** Ends that no other way would change. */
const FOR_GOOD: ReadonlySet<RoomEnd> = new Set(["left", "tokenRefused", "forbidden", "versionMismatch", "rateLimited"]);

/** What an automatic link is made of; tests put fakes in its place. */
export interface AutoLinkParts {
  link(mode: RoomMode, options: LinkOptions, output: AudioOutput, events: LinkEvents): RoomLink;
  ladder(options: LinkOptions): LadderParts;
  /** Milliseconds that never run backwards. */
  now(): number;
}

const realParts: AutoLinkParts = {
  link: (mode, options, output, events) => new (mode === "native" ? NativeLink : TunnelLink)(options, output, events),
  ladder: realLadderParts,
  now: () => performance.now(),
};

class OpenWay implements Way {
  readonly number: number;
  readonly choice: Choice;
  readonly openedAt: number;
  readonly silence = new SilenceWatch();
  link!: RoomLink;
  state: RoomState = "connecting";
  /** It is being left, and whatever it still tells is not heard. */
  gone = false;
  /** It does not carry anything any more, as far as we can tell. */
  lost = false;
  timer: ReturnType<typeof setTimeout> | undefined;

  constructor(number: number, choice: Choice, openedAt: number) {
    this.number = number;
    this.choice = choice;
    this.openedAt = openedAt;
  }

  get works(): boolean {
    return this.state === "connected" && !this.lost;
  }
}

/** One room by whichever way; begins at once. */
export class AutoLink implements RoomLink {
  readonly canPause = true;
  readonly heardBytes = null;
  readonly #options: LinkOptions;
  readonly #output: AudioOutput;
  readonly #events: LinkEvents;
  readonly #parts: AutoLinkParts;
  readonly #ladder: Ladder;
  readonly #log: WayLog;
  readonly #succession: Succession;
  readonly #publications = new RelayedPublications();
  readonly #timer: ReturnType<typeof setInterval>;
  #ways: OpenWay[] = [];
  /** The one that carries the call; others are about to take over or to be left. */
  #current: OpenWay | null = null;
  #currentSince = 0;
  #opened = 0;
  #speakerId: string | null = null;
  #state: RoomState = "connecting";

  constructor(
    options: LinkOptions,
    policy: Policy,
    output: AudioOutput,
    events: LinkEvents,
    parts: AutoLinkParts = realParts,
  ) {
    this.#options = { ...options, handover: options.handover ?? newSecret() };
    this.#output = output;
    this.#events = events;
    this.#parts = parts;
    this.#succession = new Succession(events);
    this.#log = new WayLog((reading) => {
      if (this.#state !== "ended") events.onWay(reading);
    });
    const host = {
      enter: (choice: Choice) => this.#enter(choice),
      hopeless: (explanation: string) => this.#end("sfuFailed", explanation),
    };
    this.#ladder = new Ladder(options, policy, host, this.#log, parts.ladder(options), contextOf(output));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    void this.#ladder.start();
  }

  get mode(): RoomMode {
    return (this.#current ?? this.#ways[0])?.choice.mode ?? "tunnel";
  }

  get participantId(): string | null {
    const known = [this.#current, ...this.#ways].map((way) => way?.link.participantId ?? null);
    return known.find((id) => id !== null) ?? null;
  }

  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    return this.#publications.publish(kind, source, muted, options);
  }

  pause(trackId: string, paused: boolean): void {
    this.#by(trackId, (link, id) => link.pause(id, paused));
  }

  setAudible(trackId: string, audible: boolean): void {
    this.#succession.setAudible(trackId, audible);
  }

  audioNode(trackId: string): AudioNode | null {
    return this.#by(trackId, (link, id) => link.audioNode(id)) ?? null;
  }

  mediaStreamTrack(trackId: string): Promise<MediaStreamTrack> {
    const made = this.#by(trackId, (link, id) => link.mediaStreamTrack(id));
    return made ?? Promise.reject(new DOMException("This track is not there any more.", "InvalidStateError"));
  }

  resumeSound(speakerId: string): void {
    this.#speakerId = speakerId;
    for (const { link } of this.#ways) link.resumeSound(speakerId);
  }

  outputClock(contextTime: number, wallUs: number): void {
    for (const { link } of this.#ways) link.outputClock(contextTime, wallUs);
  }

  readings(): readonly TrackReading[] {
    return this.#ways.flatMap((way) =>
      way.link.readings().flatMap((reading) => {
        const trackId = this.#knownAs(way, reading.direction, reading.trackId);
        return trackId === null ? [] : [{ ...reading, trackId }];
      }),
    );
  }

  path(): PathReading | null {
    return this.#current?.link.path() ?? null;
  }

  async stats(): Promise<RoomStatsReport> {
    const way = this.#current;
    if (way === null) return new Map();
    const report = new Map(await way.link.stats());
    for (const [id, entry] of report) {
      const { wsmediaTrackId } = entry as { wsmediaTrackId?: string };
      if (wsmediaTrackId === undefined) continue;
      const direction = entry.type === "outbound-rtp" ? "sent" : "received";
      const known = this.#knownAs(way, direction, wsmediaTrackId) ?? wsmediaTrackId;
      report.set(id, { ...entry, wsmediaTrackId: known } as typeof entry);
    }
    return report;
  }

  leave(): void {
    const way = this.#current ?? this.#ways[0];
    if (way === undefined) {
      this.#end("left", "");
      return;
    }
    this.#ladder.close();
    for (const other of [...this.#ways]) if (other !== way) this.#drop(other);
    way.link.leave();
  }

  #enter(choice: Choice): void {
    if (this.#state === "ended") return;
    const way = new OpenWay(this.#opened, choice, this.#parts.now());
    this.#opened += 1;
    const options = { ...this.#options, ...(choice.ice ?? {}) };
    way.link = this.#parts.link(choice.mode, options, this.#output, this.#eventsOf(way));
    this.#ways = [...this.#ways, way];
    if (this.#speakerId !== null) way.link.resumeSound(this.#speakerId);
    this.#publications.adopt(way);
  }

  #eventsOf(way: OpenWay): LinkEvents {
    const heard = (): boolean => !way.gone && this.#state !== "ended";
    return {
      onState: (state, reason) => void (heard() && this.#stateOf(way, state, reason)),
      onJoined: (id, name) => void (heard() && this.#succession.joined(way, id, name)),
      onLeft: (id) => void (heard() && this.#succession.left(way, id)),
      onTrackAdded: (id, track) => void (heard() && this.#succession.added(way, id, track)),
      onTrackRemoved: (id) => void (heard() && this.#succession.removed(way, id)),
      onTrackChanged: (id, change) => void (heard() && this.#succession.changed(way, id, change)),
      onLevels: (levels) => void (heard() && way === this.#current && this.#events.onLevels(levels)),
      onCannotEncode: (id, late) => {
        const known = heard() ? this.#publications.idOf(way, id) : null;
        if (known !== null) this.#events.onCannotEncode(known, late);
      },
      onRejected: (id, reason) => {
        const known = heard() ? this.#publications.idOf(way, id) : null;
        if (known !== null) this.#events.onRejected(known, reason);
      },
      onWay: () => undefined,
      onEnded: (end, explanation) => void (heard() && this.#wayEnded(way, end, explanation)),
    };
  }

  #stateOf(way: OpenWay, state: RoomState, reason: string): void {
    if (state === "ended") return;
    way.state = state;
    clearTimeout(way.timer);
    if (state === "connected") {
      // It has come back before anything else was up.
      if (!this.#current?.works) way.lost = false;
      if (!way.lost) this.#succession.release(way);
      this.#up(way);
    } else if (state === "reconnecting" && this.#mayGiveOut(way)) {
      this.#succession.hold(way);
      way.timer = setTimeout(() => this.#lost(way), INTERRUPTED_MS);
    }
    this.#tellState(way === this.#current || this.#current === null ? reason : "");
  }

  #up(way: OpenWay): void {
    const current = this.#current;
    if (way === current || way.lost) return;
    if (current?.works && current.choice.mode === "native") {
      // Both were on their way, and the better one was quicker.
      this.#drop(way);
      return;
    }
    this.#current = way;
    this.#currentSince = this.#parts.now();
    this.#ladder.up(way.choice);
    const { rung } = way.choice;
    const why = way.choice.why === "better" && current === null ? "first" : way.choice.why;
    if (rung !== "native") this.#log.works(rung, this.#currentSince - way.openedAt);
    this.#log.carries(rung, why);
    if (way.choice.mode !== "native") return;
    // A tunnel that has never been up has nothing that could be missed.
    for (const other of [...this.#ways]) if (other !== way && other.state === "connecting") this.#drop(other);
  }

  /** The browser's own connection may be replaced by something else; a tunnel comes back by itself. */
  #mayGiveOut(way: OpenWay): boolean {
    return way.choice.mode === "native" && way.choice.why !== "forced";
  }

  #lost(way: OpenWay): void {
    if (way.gone || way.lost) return;
    way.lost = true;
    this.#succession.hold(way);
    this.#ladder.down(way.choice, true);
    for (const other of this.#ways) if (other.works) this.#up(other);
  }

  #wayEnded(way: OpenWay, end: RoomEnd, explanation: string): void {
    const othersWork = this.#ways.some((other) => other !== way && !other.lost);
    const replaceable = this.#mayGiveOut(way) && !FOR_GOOD.has(end);
    if (!FOR_GOOD.has(end) && (othersWork || replaceable)) {
      if (replaceable) this.#lost(way);
      this.#drop(way);
      if (this.#ways.length > 0) {
        this.#tellState("");
        return;
      }
    }
    this.#end(end, explanation);
  }

  #tick(): void {
    this.#succession.tick();
    const now = this.#parts.now();
    for (const way of [...this.#ways]) {
      const { heardBytes } = way.link;
      if (!this.#mayGiveOut(way)) continue;
      if (way.state === "connecting" && now - way.openedAt > LONGEST_ENTRY_MS) {
        this.#lost(way);
        this.#drop(way);
      } else if (heardBytes !== null && way.works && way.silence.read(heardBytes, now)) this.#lost(way);
    }
    const current = this.#current;
    if (current === null || !current.works) return;
    const age = now - this.#currentSince;
    for (const way of [...this.#ways]) {
      if (way === current || way.state === "connecting" || way.number > current.number) continue;
      const done = age >= OVERLAP_MS && !this.#succession.leansOn(way) && this.#sendsAll(current);
      if (done || age >= LONGEST_OVERLAP_MS) this.#drop(way);
    }
  }

  #sendsAll(way: OpenWay): boolean {
    const sent = way.link.readings().filter(({ direction, bytes }) => direction === "sent" && bytes > 0);
    return this.#publications.sending(way).every((id) => sent.some(({ trackId }) => trackId === id));
  }

  #drop(way: OpenWay): void {
    if (way.gone) return;
    way.gone = true;
    clearTimeout(way.timer);
    this.#ways = this.#ways.filter((one) => one !== way);
    if (this.#current === way) this.#current = null;
    this.#succession.drop(way);
    this.#publications.forget(way);
    this.#ladder.down(way.choice, false);
    way.link.leave();
  }

  #knownAs(way: OpenWay, direction: TrackReading["direction"], innerId: string): string | null {
    if (direction === "received") return this.#succession.idOf(way, innerId);
    return way === this.#current ? this.#publications.idOf(way, innerId) : null;
  }

  #by<Result>(trackId: string, ask: (link: RoomLink, innerId: string) => Result): Result | undefined {
    const brought: Brought | null = this.#succession.find(trackId);
    return brought === null ? undefined : ask(brought.way.link, brought.innerId);
  }

  #tellState(reason: string): void {
    const state = this.#ways.some(({ works }) => works) ? "connected" : this.#interrupted();
    if (this.#state === "ended" || (state === this.#state && reason === "")) return;
    this.#state = state;
    this.#events.onState(state, reason);
  }

  #interrupted(): RoomState {
    return this.#state === "connecting" && this.#ways.every(({ state }) => state === "connecting")
      ? "connecting"
      : "reconnecting";
  }

  #end(end: RoomEnd, explanation: string): void {
    if (this.#state === "ended") return;
    this.#ladder.close();
    clearInterval(this.#timer);
    for (const way of this.#ways) {
      way.gone = true;
      clearTimeout(way.timer);
      way.link.leave();
    }
    this.#state = "ended";
    this.#events.onState("ended", explanation);
    this.#events.onEnded(end, explanation);
  }
}

function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
