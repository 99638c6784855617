/** A room without a network, devices or sound: links, outputs and tracks that remember what they were told. */

import type { AudioOutput } from "../../playout/audio-output.ts";
import type { LinkEvents, LinkPublication, RoomLink } from "../../room/link.ts";
import type { RoomStatsReport } from "../../room/stats.ts";
import { LiveRoom, type RoomParts } from "../live-room.ts";
import { settingsOf } from "../options.ts";

/** A track as far as the SDK looks at it. */
export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  contentHint = "";
  readyState: MediaStreamTrackState = "live";
  readonly #settings: MediaTrackSettings;

  constructor(kind: "audio" | "video", settings: MediaTrackSettings = {}) {
    super();
    this.kind = kind;
    this.#settings = settings;
  }

  getSettings(): MediaTrackSettings {
    return this.#settings;
  }

  /** As when a device is unplugged. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

/** A track where the type asks for a real one. */
export const fakeTrack = (kind: "audio" | "video", settings?: MediaTrackSettings): MediaStreamTrack & FakeTrack =>
  new FakeTrack(kind, settings) as unknown as MediaStreamTrack & FakeTrack;

/** A link that is driven by `events`, and writes down what it is told. */
export class FakeLink implements RoomLink {
  readonly mode = "tunnel";
  canPause = true;
  readonly heardBytes = null;
  readonly told: string[] = [];
  readonly events: LinkEvents;
  participantId: string | null = null;
  #published = 0;

  constructor(events: LinkEvents) {
    this.events = events;
  }

  publish(kind: string, source: string, muted: boolean): LinkPublication {
    this.#published += 1;
    const id = String(this.#published);
    this.told.push(`publish ${id} ${kind} ${source}${muted ? " muted" : ""}`);
    return {
      id,
      send: (track, { framerate, maxBitrateBps, content }) => {
        this.told.push(
          track === null ? `send ${id} nothing` : `send ${id} ${framerate}/s ${maxBitrateBps} b/s ${content}`,
        );
      },
      mute: (nowMuted) => this.told.push(`mute ${id} ${nowMuted}`),
      end: () => this.told.push(`end ${id}`),
    };
  }

  pause(trackId: string, paused: boolean): void {
    this.told.push(`pause ${trackId} ${paused}`);
  }

  setAudible(trackId: string, audible: boolean): void {
    this.told.push(`audible ${trackId} ${audible}`);
  }

  audioNode(): AudioNode | null {
    return null;
  }

  mediaStreamTrack(): Promise<MediaStreamTrack> {
    return Promise.resolve(fakeTrack("video"));
  }

  resumeSound(speakerId: string): void {
    this.told.push(`speaker ${speakerId}`);
  }

  outputClock(): void {}

  readings(): [] {
    return [];
  }

  path(): null {
    return null;
  }

  stats(): Promise<RoomStatsReport> {
    return Promise.resolve(new Map());
  }

  leave(): void {
    this.events.onEnded("left", "");
  }
}

/** A room and the link below it. `output` tells what the browser does with sound. */
export function fakeRoom(): { room: LiveRoom; link: FakeLink; soundRuns: (running: boolean) => void } {
  let link: FakeLink | null = null;
  let soundRuns: (running: boolean) => void = () => undefined;
  const parts: RoomParts = {
    output: ({ onRunning }) => {
      soundRuns = onRunning;
      const output: Partial<AudioOutput> = {
        resume: () => Promise.resolve(),
        useSpeaker: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
      return output as AudioOutput;
    },
    link: (_mode, _options, _output, events) => {
      link = new FakeLink(events);
      return link;
    },
    visibility: () => null,
  };
  const room = new LiveRoom(settingsOf({ url: "https://a.example/", room: "standup" }), parts);
  if (link === null) throw new Error("the room did not ask for a link");
  return { room, link, soundRuns: (running) => soundRuns(running) };
}
