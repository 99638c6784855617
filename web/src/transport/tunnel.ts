/**
 * The tunnel as the main thread sees it: a worker that keeps a session with the gateway, behind one small class.
 *
 * ```ts
 * const tunnel = new Tunnel({ url: new URL("./", document.baseURI).href, room: "standup", name: "Alice" }, {
 *   trackAdded: (participantId, track, port) => decodeWorker.postMessage({ type: "track", track, port }, [port]),
 *   closed: (code, reason, explanation) => show(explanation),
 * });
 * const port = tunnel.publish({ trackId: 1, codec: "h264", source: "camera", muted: false });
 * encodeWorker.postMessage({ type: "start", port }, [port]);   // there: new FrameWriter(port, { onKeyframeNeeded, … })
 * ```
 *
 * The encode worker reads `FrameWriter.ready` before it encodes a frame, and hears of keyframes and bitrates on the same
 * port; the decode worker puts a `FrameReader` on the port of `trackAdded`. Track ids of the two directions are
 * different spaces. The tunnel resumes by itself, and starts a new session when the old one is gone: everybody then
 * leaves and joins again, and what was published is published again, with no need to do anything here.
 */

import type { Participant, Track } from "../base/media.ts";
import { startWorker } from "../base/start-worker.ts";
import { LANE_KINDS } from "./lane-kinds.ts";
import { LaneMemory } from "./lane-memory.ts";
import type {
  RoomState,
  TunnelCommand,
  TunnelOptions,
  TunnelReport,
  TunnelState,
  TunnelStatistics,
  UplinkLimits,
} from "./messages.ts";
import workerUrl from "./worker.ts?worker&url";

/** What the tunnel tells the page; every handler is optional. */
export interface TunnelEvents {
  /** `reason` is a sentence for the user, empty when there is nothing to say. */
  stateChanged?(state: TunnelState, reason: string): void;
  /** A session began (`resumed` false) or a lane joined the old one (true). */
  established?(participantId: string, resumed: boolean, limits: UplinkLimits): void;
  participantJoined?(participant: Participant): void;
  participantLeft?(participantId: string): void;
  /** A track can be watched or heard: frames come out of `port`, which belongs on a `FrameReader`. */
  trackAdded?(participantId: string, track: Track, port: MessagePort): void;
  trackRemoved?(trackId: number): void;
  trackMuted?(trackId: number, muted: boolean): void;
  /** The room does not take a track that we publish. */
  publishRejected?(trackId: number, reason: string): void;
  /** The SFU behind the gateway went away or came back. */
  roomStateChanged?(state: RoomState, reason: string): void;
  /** Our track needs a keyframe; its frame port has been told already. */
  keyframeNeeded?(trackId: number): void;
  /** Our track should not exceed this; its frame port has been told already. */
  targetBitrate?(trackId: number, bitrateBps: number): void;
  statistics?(statistics: TunnelStatistics): void;
  /** The end: `code` is a `CloseCode`, `reason` its word, `explanation` a sentence for the user. */
  closed?(code: number, reason: string, explanation: string): void;
}

/** The part of `Worker` that the tunnel needs. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
}

/** The part of `window` whose events the tunnel listens to. */
export interface PageLike {
  readonly online: boolean;
  readonly visible: boolean;
  /** Call back on every change, and when the page goes away for good; returns how to stop. */
  watch(changed: () => void, leaving: () => void): () => void;
  /** POST there, though the page goes away. */
  beacon(url: string): void;
}

const startTunnel = (): WorkerLike => startWorker(workerUrl, "wsmedia tunnel");

const browserPage: PageLike = {
  get online() {
    return navigator.onLine;
  },
  get visible() {
    return document.visibilityState === "visible";
  },
  watch(changed, leaving) {
    const controller = new AbortController();
    const { signal } = controller;
    window.addEventListener("online", changed, { signal });
    window.addEventListener("offline", changed, { signal });
    document.addEventListener("visibilitychange", changed, { signal });
    window.addEventListener("pagehide", ({ persisted }) => persisted || leaving(), { signal });
    return () => controller.abort();
  },
  beacon: (url) => void navigator.sendBeacon(url),
};

/** One participant's tunnel to one room. Connects at once; `close()` leaves. */
export class Tunnel {
  readonly #events: TunnelEvents;
  readonly #url: string;
  readonly #isForced: boolean;
  readonly #memory: LaneMemory;
  readonly #worker: WorkerLike;
  readonly #page: PageLike;
  readonly #unwatch: () => void;
  #farewell: string | null = null;
  #state: TunnelState = "connecting";
  #online: boolean;
  #visible: boolean;

  constructor(
    options: TunnelOptions,
    events: TunnelEvents,
    worker = startTunnel(),
    page = browserPage,
    memory = new LaneMemory(),
  ) {
    this.#url = options.url;
    this.#isForced = (options.lane ?? null) !== null;
    this.#memory = memory;
    this.#events = events;
    this.#worker = worker;
    this.#page = page;
    this.#online = page.online;
    this.#visible = page.visible;
    worker.onmessage = (event) => this.#receive(event.data as TunnelReport);
    worker.onerror = () => this.#fail();
    this.#unwatch = page.watch(
      () => this.#pageChanged(),
      () => this.#leave(),
    );
    const remembered = { ...options, lastLane: memory.recall(options.url) };
    this.#post({ type: "connect", options: remembered, online: this.#online, visible: this.#visible });
  }

  /** How the tunnel is now. */
  get state(): TunnelState {
    return this.#state;
  }

  /**
   * Announce a track and get the port that its encoder writes frames to. Publishing an id again replaces its track.
   * Frames are taken at once; until the tunnel is up, the port says "not ready".
   */
  publish(track: Track): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#post({ type: "publish", track, port: port2 }, [port2]);
    return port1;
  }

  /** End a track of ours. */
  unpublish(trackId: number): void {
    this.#post({ type: "unpublish", trackId });
  }

  /** Tell everybody that our track is muted or not; its encoder stops or goes on by itself. */
  mute(trackId: number, muted: boolean): void {
    this.#post({ type: "mute", trackId, muted });
  }

  /**
   * Say that somebody's track is not wanted for now, or is wanted again: the gateway stops sending it, and goes on with a
   * keyframe. A track that is announced anew, as after `established` with `resumed` false, is not paused.
   */
  pause(trackId: number, paused: boolean): void {
    this.#post({ type: "pause", trackId, paused });
  }

  /** Ask for a keyframe of somebody's track. Decoders do this on their frame port. */
  requestKeyframe(trackId: number): void {
    this.#post({ type: "requestKeyframe", trackId });
  }

  /** Ask that somebody's track is sent to us with no more than this, for a small tile, say. */
  limitBitrate(trackId: number, bitrateBps: number): void {
    this.#post({ type: "limitBitrate", trackId, bitrateBps });
  }

  /** Leave; `closed` follows. */
  close(): void {
    if (this.#state !== "closed") this.#post({ type: "close" });
  }

  /** The page goes away, and the worker with it, perhaps before its requests have left. */
  #leave(): void {
    if (this.#farewell !== null) this.#page.beacon(this.#farewell);
    this.close();
  }

  #post(command: TunnelCommand, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }

  #pageChanged(): void {
    const { online, visible } = this.#page;
    if (online !== this.#online) {
      this.#online = online;
      this.#post({ type: "online", online });
    }
    if (visible !== this.#visible) {
      this.#visible = visible;
      this.#post({ type: "visible", visible });
    }
  }

  #fail(): void {
    const explanation = "The part of the page that keeps the connection has crashed. Reload the page.";
    this.#receive({ type: "closed", code: 4500, reason: "internal_error", explanation });
    this.#worker.terminate();
  }

  #receive(report: TunnelReport): void {
    const events = this.#events;
    switch (report.type) {
      case "stateChanged":
        this.#state = report.state;
        events.stateChanged?.(report.state, report.reason);
        break;
      case "established":
        events.established?.(report.participantId, report.resumed, report.limits);
        break;
      case "participantJoined":
        events.participantJoined?.(report.participant);
        break;
      case "participantLeft":
        events.participantLeft?.(report.participantId);
        break;
      case "trackAdded":
        events.trackAdded?.(report.participantId, report.track, report.port);
        break;
      case "trackRemoved":
        events.trackRemoved?.(report.trackId);
        break;
      case "trackMuted":
        events.trackMuted?.(report.trackId, report.muted);
        break;
      case "publishRejected":
        events.publishRejected?.(report.trackId, report.reason);
        break;
      case "roomStateChanged":
        events.roomStateChanged?.(report.state, report.reason);
        break;
      case "farewell":
        this.#farewell = report.url;
        break;
      case "keyframeNeeded":
        events.keyframeNeeded?.(report.trackId);
        break;
      case "targetBitrate":
        events.targetBitrate?.(report.trackId, report.bitrateBps);
        break;
      case "statistics":
        this.#remember(report.statistics);
        events.statistics?.(report.statistics);
        break;
      case "closed":
        this.#end(report.code, report.reason, report.explanation);
        break;
    }
  }

  /** Once the choice has settled: while it changes, lanes of two kinds are up. */
  #remember({ lanes }: TunnelStatistics): void {
    if (this.#isForced) return;
    const [kind, ...others] = new Set(lanes.map((lane) => lane.kind));
    const known = LANE_KINDS.find((one) => one === kind);
    if (known !== undefined && others.length === 0) this.#memory.remember(this.#url, known);
  }

  #end(code: number, reason: string, explanation: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#unwatch();
    this.#worker.onmessage = null;
    this.#worker.onerror = null;
    // The worker ends itself once its last message has left.
    this.#events.stateChanged?.("closed", explanation);
    this.#events.closed?.(code, reason, explanation);
  }
}
