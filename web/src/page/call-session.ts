/**
 * One call from joining to the end: the room, what we publish in it, what is shown of it, what is remembered for the report.
 * `App` makes one when the user joins and hears when it is over.
 */

import { type LocalMedia, publishDevices, type Room, type RoomEnd } from "../sdk/index.ts";
import { invitationTo } from "./address.ts";
import { Announcer } from "./announcer.ts";
import { type CallActions, CallView } from "./call-view.ts";
import { EventLog } from "./event-log.ts";
import { History } from "./history.ts";
import type { Toasts } from "./notices.ts";
import type { Preferences } from "./preferences.ts";
import { browserFacts, type Report, reportOf } from "./report.ts";
import { SharedScreen } from "./shared-screen.ts";
import { strings } from "./strings.ts";

/** What a call needs of the page around it. */
export interface CallSurroundings {
  readonly media: LocalMedia;
  readonly toasts: Toasts;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly actions: Omit<
    CallActions,
    "onScreenToggled" | "onLeave" | "onCopyLink" | "onCopied" | "onDownload" | "onPlaySound"
  >;
  preferences(): Preferences;
  /** @param byUser the user pressed the button: no need to explain. */
  onEnded(end: RoomEnd, byUser: boolean): void;
}

/** A call. */
export class CallSession {
  readonly room: Room;
  readonly view: CallView;
  readonly #around: CallSurroundings;
  readonly #history = new History();
  readonly #log = new EventLog(performance.now());
  readonly #screen: SharedScreen;
  #leaving = false;

  constructor(room: Room, around: CallSurroundings) {
    this.room = room;
    this.#around = around;
    const { name, selfCorner, selfMinimised } = around.preferences();
    this.#screen = new SharedScreen(
      room,
      (track) => this.#screenChanged(track),
      (problem) => this.view.showProblem(strings.screen[problem]),
    );
    const { toasts } = around;
    this.view = new CallView(
      room,
      around.media,
      name,
      this.#history,
      { selfCorner, selfMinimised },
      {
        ...around.actions,
        onScreenToggled: () => void this.#screen.toggle(),
        onLeave: () => this.leave(),
        onCopyLink: () => void copy(invitationTo(room.name), strings.controls.linkCopied, toasts),
        onCopied: (text) => void copy(text, strings.details.copied, toasts),
        onDownload: () => download(this.#report()),
        onPlaySound: () => this.playSound(),
      },
    );
    this.#listen();
    publishDevices(room, around.media);
    this.showMedia();
  }

  /** Devices or preferences have changed. */
  showMedia(): void {
    this.view.showMedia(this.#around.preferences());
  }

  /** Browsers let sound out only after a gesture: call it in one. */
  playSound(): void {
    if (!this.room.audioRunning) void this.room.startAudio().catch(() => undefined);
  }

  leave(): void {
    this.#leaving = true;
    this.room.leave();
  }

  #listen(): void {
    const { room, view } = this;
    const announcer = new Announcer((event, name) => this.#around.toasts.say(strings.call[event](name)));
    const log = (kind: string, detail: Parameters<EventLog["add"]>[1]) =>
      this.#log.add(kind, detail, performance.now());
    const who = (person: { readonly id: string }) => this.#log.alias(person.id);
    room.addEventListener("statechange", ({ state, reason }) => {
      log("state", { state });
      announcer.stateChanged(state, performance.now());
      view.showState(reason);
    });
    room.addEventListener("participantjoined", ({ participant }) => {
      log("joined", { participant: who(participant) });
      announcer.happened("joined", participant.name, performance.now());
      view.showPeople();
    });
    room.addEventListener("participantleft", ({ participant }) => {
      log("left", { participant: who(participant) });
      announcer.happened("left", participant.name, performance.now());
      view.showPeople();
    });
    for (const type of ["trackadded", "trackremoved", "trackchange"] as const) {
      room.addEventListener(type, ({ participant, track }) => {
        const { source, codec, muted, live, paused, problem } = track;
        log(type, { participant: who(participant), source, codec, muted, live, paused, problem });
        if (type === "trackadded" && source === "screen") {
          announcer.happened("sharing", participant.name, performance.now());
        }
        view.showPeople();
      });
    }
    room.addEventListener("waychange", ({ way }) => {
      log("way", { rung: way.rung, why: way.why });
      view.showWay();
    });
    room.addEventListener("levels", ({ levels }) => view.showLevels(levels));
    room.addEventListener("audiochange", ({ running }) => {
      log("sound", { running });
      view.showSound(running);
    });
    room.addEventListener("problem", ({ problem }) => {
      log("problem", { kind: problem.kind, media: problem.media });
      // What cannot be decoded is said on its tile, for as long as it lasts; sound has none.
      if (problem.kind !== "cannotDecode" || problem.media === "audio") view.showProblem(strings.problem(problem));
    });
    room.addEventListener("ended", ({ end }) => {
      log("ended", { end });
      this.#screen.close();
      view.close();
      this.#around.onEnded(end, this.#leaving);
    });
  }

  #screenChanged(track: MediaStreamTrack | null): void {
    this.#log.add("screen", { shared: track !== null }, performance.now());
    this.view.showOwnScreen(track);
  }

  #report(): Report {
    const { room } = this;
    return reportOf(
      {
        versions: this.#around.versions,
        browser: browserFacts(),
        preferences: this.#around.preferences(),
        mode: room.mode,
        state: room.state,
        ownId: room.participantId,
        tracks: room.trackReadings(),
        path: room.pathReading(),
        samples: this.#history.samples,
        log: this.#log,
      },
      new Date(),
    );
  }
}

async function copy(text: string, done: string, toasts: Toasts): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say(done);
  } catch {
    toasts.say(strings.controls.linkNotCopied);
  }
}

function download(report: Report): void {
  const file = new Blob([JSON.stringify(report, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `wsmedia-report-${report.madeAt.replaceAll(/[:.]/g, "-")}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
