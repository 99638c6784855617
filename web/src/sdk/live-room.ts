/** A room as an object with events, over whichever link leads into it. */

import type { TrackSource } from "../base/media.ts";
import { AudioOutput } from "../playout/audio-output.ts";
import { AutoLink } from "../room/auto-link.ts";
import type { LinkEvents, LinkOptions, RoomLink } from "../room/link.ts";
import type { RoomStatsReport } from "../room/stats.ts";
import type {
  PathReading,
  Policy,
  RoomEnd,
  RoomMode,
  RoomState,
  TrackReading,
  WayReading,
} from "../room/vocabulary.ts";
import type { Publication, PublishOptions, Room, RoomEventMap, RoomProblem } from "./api.ts";
import type { LiveParticipant } from "./live-participant.ts";
import type { RoomSettings } from "./options.ts";
import { OwnPublication } from "./own-publication.ts";
import { Roster } from "./roster.ts";
import { VisibilityWatch } from "./visibility.ts";

/** What a room is made of; tests put fakes in its place. */
export interface RoomParts {
  output(events: ConstructorParameters<typeof AudioOutput>[0]): AudioOutput;
  link(policy: Policy, options: LinkOptions, output: AudioOutput, events: LinkEvents): RoomLink;
  visibility(): VisibilityWatch | null;
}

const realParts: RoomParts = {
  output: (events) => new AudioOutput(events),
  link: (policy, options, output, events) => new AutoLink(options, policy, output, events),
  visibility: () => new VisibilityWatch(),
};

/** An event target whose events are typed. */
const RoomEventTarget = EventTarget as unknown as new () => Pick<
  Room,
  "addEventListener" | "removeEventListener" | "dispatchEvent"
>;

/** See `Room`. */
export class LiveRoom extends RoomEventTarget implements Room {
  readonly name: string;
  readonly #output: AudioOutput;
  readonly #link: RoomLink;
  readonly #visibility: VisibilityWatch | null;
  readonly #roster: Roster;
  readonly #publications = new Map<string, OwnPublication>();
  #speakerId: string;
  #state: RoomState = "connecting";
  #way: WayReading = { rung: null, why: null, rungs: [] };
  /** Null until the browser has been asked. */
  #audioRunning: boolean | null = null;

  constructor(settings: RoomSettings, parts: RoomParts = realParts) {
    super();
    const { policy, speakerId, pauseHidden, ...linkOptions } = settings;
    this.name = linkOptions.room;
    this.#speakerId = speakerId;
    this.#visibility = pauseHidden ? parts.visibility() : null;
    this.#roster = new Roster(
      () => this.#link,
      (type, detail) => this.#tell(type, detail),
    );
    this.#output = parts.output({
      onClock: (contextTime, wallUs) => this.#link.outputClock(contextTime, wallUs),
      onRunning: (running) => this.#soundRuns(running),
    });
    if (speakerId !== "") void this.#output.useSpeaker(speakerId).catch(() => undefined);
    this.#link = parts.link(policy, linkOptions, this.#output, this.#linkEvents());
    void this.#output.resume();
  }

  get mode(): RoomMode {
    return this.#link.mode;
  }

  get way(): WayReading {
    return this.#way;
  }

  get state(): RoomState {
    return this.#state;
  }

  get participantId(): string | null {
    return this.#link.participantId;
  }

  get participants(): readonly LiveParticipant[] {
    return this.#roster.participants;
  }

  get publications(): readonly Publication[] {
    return [...this.#publications.values()];
  }

  get audioRunning(): boolean {
    return this.#audioRunning ?? false;
  }

  publish(track: MediaStreamTrack, { source, ...options }: PublishOptions = {}): Publication {
    if (this.#state === "ended") throw new DOMException("The room has been left.", "InvalidStateError");
    const usual: TrackSource = track.kind === "audio" ? "microphone" : "camera";
    const chosen = source ?? usual;
    if ((chosen === "microphone") !== (track.kind === "audio")) {
      throw new TypeError(`A track of ${track.kind} cannot be published as ${chosen}.`);
    }
    const publication = new OwnPublication(this.#link, track, chosen, options, ({ id }) => {
      this.#publications.delete(id);
    });
    this.#publications.set(publication.id, publication);
    return publication;
  }

  async startAudio(): Promise<void> {
    if (this.#state === "ended") return;
    await this.#output.resume();
    this.#link.resumeSound(this.#speakerId);
  }

  async useSpeaker(deviceId: string): Promise<void> {
    if (this.#state === "ended") return;
    await this.#output.useSpeaker(deviceId);
    this.#speakerId = deviceId;
    this.#link.resumeSound(deviceId);
  }

  getStats(): Promise<RoomStatsReport> {
    return this.#link.stats();
  }

  trackReadings(): readonly TrackReading[] {
    return this.#state === "ended" ? [] : this.#link.readings();
  }

  pathReading(): PathReading | null {
    return this.#state === "ended" ? null : this.#link.path();
  }

  leave(): void {
    this.#link.leave();
  }

  #linkEvents(): LinkEvents {
    return {
      onState: (state, reason) => this.#setState(state, reason),
      onJoined: (participantId, name) => void this.#roster.join(participantId, name),
      onLeft: (participantId) => this.#roster.leave(participantId),
      onTrackAdded: (participantId, added) => {
        const track = this.#roster.addTrack(participantId, added);
        if (track.surface === null) return;
        this.#visibility?.watch(track.surface, (visible) => {
          track.visible = visible;
        });
      },
      onTrackRemoved: (trackId) => this.#roster.removeTrack(trackId),
      onTrackChanged: (trackId, change) => {
        const found = this.#roster.find(trackId);
        const worse = (change.problem ?? null) !== null && found?.track.problem === null;
        this.#roster.changeTrack(trackId, change);
        if (found === null || !worse) return;
        const { kind: media, codec } = found.track;
        this.#problem({ kind: "cannotDecode", media, codec, participant: found.participant });
      },
      onLevels: (levels) => this.#tell("levels", { levels }),
      onCannotEncode: (publicationId, late) => {
        const publication = this.#publications.get(publicationId);
        if (publication === undefined) return;
        this.#problem({ kind: "cannotEncode", media: publication.kind, source: publication.source, late });
      },
      onRejected: (publicationId, reason) => {
        const publication = this.#publications.get(publicationId);
        if (publication === undefined) return;
        this.#problem({ kind: "rejected", media: publication.kind, source: publication.source, reason });
      },
      onWay: (way) => {
        this.#way = way;
        this.#tell("waychange", { way });
      },
      onEnded: (end, explanation) => this.#ended(end, explanation),
    };
  }

  #ended(end: RoomEnd, explanation: string): void {
    this.#setState("ended", explanation);
    for (const publication of this.#publications.values()) publication.close();
    this.#publications.clear();
    this.#roster.clear();
    this.#visibility?.close();
    void this.#output.close();
    this.#tell("ended", { end, explanation });
  }

  #setState(state: RoomState, reason: string): void {
    if (this.#state === "ended" || (state === this.#state && reason === "")) return;
    this.#state = state;
    this.#tell("statechange", { state, reason });
  }

  #soundRuns(running: boolean): void {
    if (running === this.#audioRunning) return;
    this.#audioRunning = running;
    this.#tell("audiochange", { running });
  }

  #problem(problem: RoomProblem): void {
    this.#tell("problem", { problem });
  }

  #tell<Type extends keyof RoomEventMap>(type: Type, detail: RoomEventMap[Type]): void {
    if (type === "trackremoved") {
      const { track } = detail as RoomEventMap["trackremoved"];
      if (track.surface !== null) this.#visibility?.forget(track.surface);
    }
    this.dispatchEvent(Object.assign(new Event(type), detail));
  }
}
