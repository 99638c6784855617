/**
 * The tunnel itself, as it runs in its worker: one session after another with the gateway, frames from the encoders'
 * ports into it, frames from it into the decoders' ports, and reports of everything else to the main thread.
 */

import { CloseCode, reasonOf } from "../base/errors.ts";
import type { PortLike } from "../base/frame-port.ts";
import type { EncodedFrame, Track } from "../base/media.ts";
import type { Seconds } from "../base/time.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Session } from "../session/session.ts";
import type { ControlMessage, KnownControl } from "../wire/control.ts";
import { Downlink } from "./downlink.ts";
import type { Environment } from "./environment.ts";
import { explain, mayRestart } from "./explanations.ts";
import { KindLadder } from "./lane-kinds.ts";
import type { TunnelOptions, TunnelReport, TunnelState } from "./messages.ts";
import { Reconnection } from "./reconnection.ts";
import { startSession, type TunnelSession, type TunnelSessionEvents } from "./tunnel-session.ts";
import { Uplink } from "./uplink.ts";

/** A report whose port is of the environment's kind. */
export type Report<Port> =
  | Exclude<TunnelReport, { type: "trackAdded" }>
  | { readonly type: "trackAdded"; readonly participantId: string; readonly track: Track; readonly port: Port };

/** Connects at once; `close` leaves. `report` is called with every change, the last one being `closed`. */
export class TunnelTransport<Port extends PortLike> {
  readonly #options: TunnelOptions;
  readonly #environment: Environment<Port>;
  readonly #report: (report: Report<Port>) => void;
  readonly #reconnection: Reconnection;
  readonly #ladder: KindLadder;
  readonly #uplink: Uplink;
  readonly #downlink: Downlink<Port>;
  #current: TunnelSession<Port> | null;
  #state: TunnelState = "connecting";
  #reason = "";
  #online: boolean;
  #farewell: string | null = null;

  constructor(
    options: TunnelOptions,
    environment: Environment<Port>,
    report: (report: Report<Port>) => void,
    online = true,
  ) {
    this.#options = options;
    this.#environment = environment;
    this.#report = report;
    this.#online = online;
    this.#ladder = new KindLadder(options.lane ?? null, options.lastLane ?? null);
    this.#reconnection = new Reconnection(environment.random, this.#now());
    this.#uplink = new Uplink({
      frame: (trackId, frame) => this.#sendFrame(trackId, frame),
      targetBitrate: (trackId, bitrateBps) => report({ type: "targetBitrate", trackId, bitrateBps }),
      ended: (trackId) => this.unpublish(trackId),
    });
    this.#downlink = new Downlink<Port>(
      {
        participantJoined: (participant) => report({ type: "participantJoined", participant }),
        participantLeft: (participantId) => report({ type: "participantLeft", participantId }),
        trackAdded: (participantId, track, port) => report({ type: "trackAdded", participantId, track, port }),
        trackRemoved: (trackId) => report({ type: "trackRemoved", trackId }),
        trackMuted: (trackId, muted) => report({ type: "trackMuted", trackId, muted }),
        keyframeWanted: (trackId) => this.requestKeyframe(trackId),
      },
      environment.makeChannel,
    );
    this.#current = this.#startSession();
    this.#tell("connecting", this.#online ? "" : OFFLINE);
  }

  /** Announce a track whose frames come out of `port`; one of the same id is replaced. */
  publish(track: Track, port: Port): void {
    if (this.#uplink.has(track.trackId)) this.unpublish(track.trackId);
    this.#uplink.add(track, port);
    this.#send({ type: "publish", track });
    this.#updateBitrates();
  }

  /** End a track of ours. */
  unpublish(trackId: number): void {
    if (!this.#uplink.has(trackId)) return;
    this.#uplink.remove(trackId);
    this.#send({ type: "unpublish", trackId });
    this.#updateBitrates();
  }

  /** Tell everybody that a track of ours is muted or not. */
  mute(trackId: number, muted: boolean): void {
    if (!this.#uplink.has(trackId)) return;
    this.#uplink.mute(trackId, muted);
    this.#send({ type: "mute", trackId, muted });
    this.#updateBitrates();
  }

  /** Want no frames of somebody's track for now, or want them again; unknown ids are ignored. */
  pause(trackId: number, paused: boolean): void {
    if (this.#downlink.has(trackId)) this.#send({ type: "pause", trackId, paused });
  }

  /** Ask for a keyframe of somebody's track; the session coalesces. */
  requestKeyframe(trackId: number): void {
    this.#send({ type: "keyframe_request", trackId });
  }

  /** Ask for no more than this of somebody's track. */
  limitBitrate(trackId: number, bitrateBps: number): void {
    this.#send({ type: "target_bitrate", trackId, bitrateBps });
  }

  /** The browser says whether there is a network. */
  setOnline(online: boolean): void {
    this.#online = online;
    if (this.#current === null) return;
    this.#current.keeper.setOnline(online);
    if (this.#state !== "connected") this.#tell(this.#state, online ? "" : OFFLINE);
  }

  /** The page is looked at again: do not wait for the next attempt. */
  setVisible(visible: boolean): void {
    if (visible) this.#current?.keeper.hurry();
  }

  /** Leave the room. */
  close(): void {
    if (this.#current === null) return;
    this.#current.session.close(CloseCode.LEFT, "", this.#now());
    this.#current.pump.wake();
  }

  #startSession(): TunnelSession<Port> {
    const events: TunnelSessionEvents = {
      event: (event) => this.#onEvent(event),
      settled: () => this.#onSettled(),
      failed: (opened) => this.#onFailed(opened),
      refused: (code, reason) => this.#sessionEnded(code, reason, ""),
      gaveUp: () => this.#end(CloseCode.TIMEOUT, explain(CloseCode.TIMEOUT, "")),
      measure: () => this.#measure(),
    };
    // A session that has been left is heard no more, whatever still happens to it.
    const isCurrent = (session: Session): boolean => this.#current?.session === session;
    const { tracks } = this.#uplink;
    return startSession(
      this.#options,
      this.#environment,
      this.#reconnection,
      this.#ladder,
      events,
      isCurrent,
      tracks,
      this.#online,
    );
  }

  #onEvent(event: SessionEvent): void {
    switch (event.type) {
      case "established":
        this.#onLane(event.resumed);
        break;
      case "resumed":
        this.#onLane(true);
        break;
      case "controlReceived":
        this.#onControl(event.message);
        break;
      case "frameReceived":
        if (this.#current !== null) this.#current.pump.counters.framesReceived += 1;
        this.#downlink.deliver(event.trackId, event.frame);
        break;
      case "keyframeNeeded":
        this.#uplink.requestKeyframe(event.trackId);
        this.#report({ type: "keyframeNeeded", trackId: event.trackId });
        break;
      case "pathEstimateChanged":
        this.#uplink.updateBitrates(event.bitrateBps);
        break;
      case "laneLost":
        this.#current?.keeper.laneGivenUp(event.laneId);
        break;
      case "allLanesLost":
        this.#tell("reconnecting", this.#online ? INTERRUPTED : OFFLINE);
        break;
      case "lanesWantedChanged":
        this.#current?.keeper.adjust();
        break;
      case "closed":
        this.#sessionEnded(event.code, event.reason, event.detail);
        break;
    }
  }

  #onLane(resumed: boolean): void {
    this.#reconnection.succeeded(this.#now());
    const welcome = this.#current?.session.welcome;
    if (!welcome) return;
    const { participantId, limits } = welcome;
    // Who is told of a new session first does not take the last one's room for this one's.
    this.#report({ type: "established", participantId, resumed, limits });
    this.#tell("connected", "");
    this.#current?.meter.start();
    this.#updateBitrates();
  }

  #onControl(message: ControlMessage): void {
    switch (message.type) {
      case "participant_joined":
        this.#downlink.join(message.participant);
        break;
      case "participant_left":
        this.#downlink.leave(message.participantId);
        break;
      case "track_added":
        this.#downlink.addTrack(message.participantId, message.track);
        break;
      case "track_removed":
        this.#downlink.removeTrack(message.trackId);
        break;
      case "track_muted":
        this.#downlink.muteTrack(message.trackId, message.muted);
        break;
      case "publish_rejected":
        this.#uplink.remove(message.trackId);
        this.#report({ type: "publishRejected", trackId: message.trackId, reason: message.reason });
        break;
      case "room_state":
        this.#report({ type: "roomStateChanged", state: message.state, reason: message.reason });
        break;
      case "target_bitrate":
        this.#uplink.limit(message.trackId, message.bitrateBps);
        this.#updateBitrates();
        break;
    }
  }

  #onSettled(): void {
    if (this.#current === null) return;
    const { session, keeper } = this.#current;
    keeper.settled();
    this.#tellFarewell(keeper.farewell);
    const hasLane = session.isEstablished && session.laneIds.length > 0;
    this.#uplink.updateReadiness(hasLane, session.path(this.#now()).backlog);
  }

  #tellFarewell(url: string | null): void {
    if (url === this.#farewell) return;
    this.#farewell = url;
    this.#report({ type: "farewell", url });
  }

  #onFailed(opened: boolean): void {
    const reason = this.#online ? (opened ? INTERRUPTED : UNREACHABLE) : OFFLINE;
    this.#tell(this.#state === "connecting" ? "connecting" : "reconnecting", reason);
  }

  #sessionEnded(code: number, reason: string, detail: string): void {
    const current = this.#current;
    if (current === null) return;
    // Patience with a network that is away is the lane keeper's business; only real sessions that end count here.
    const again = mayRestart(code) && (code === CloseCode.TIMEOUT || this.#reconnection.mayRestart(this.#now()));
    if (!again) {
      this.#end(code, explain(code, detail), reason);
      return;
    }
    this.#leave(current);
    this.#downlink.clear();
    this.#uplink.reset();
    const why = code === CloseCode.OVERLOADED || code === CloseCode.INTERNAL_ERROR ? explain(code, detail) : REJOINING;
    this.#tell(this.#state === "connecting" ? "connecting" : "reconnecting", why);
    this.#current = this.#startSession();
    this.#onSettled();
  }

  #end(code: number, explanation: string, reason = reasonOf(code) ?? ""): void {
    const current = this.#current;
    if (current === null) return;
    this.#leave(current);
    this.#uplink.close();
    this.#downlink.close();
    this.#report({ type: "closed", code, reason, explanation });
  }

  /** Hear no more of a session. One that has closed may still have its CLOSE to write. */
  #leave(current: TunnelSession<Port>): void {
    this.#current = null;
    current.keeper.stop();
    current.meter.stop();
    if (!current.session.isClosed) current.pump.stop();
  }

  #sendFrame(trackId: number, frame: EncodedFrame): void {
    if (this.#current === null) return;
    this.#current.pump.counters.framesSent += 1;
    this.#current.session.sendFrame(trackId, frame, this.#now());
    this.#current.pump.wake();
  }

  #send(message: KnownControl): void {
    if (this.#current === null) return;
    this.#current.session.sendControl(message, this.#now());
    this.#current.pump.wake();
  }

  #updateBitrates(): void {
    if (this.#current !== null) this.#uplink.updateBitrates(this.#current.session.targetBitrateBps);
  }

  #measure(): void {
    if (this.#current === null || this.#state !== "connected") return;
    const { session, meter } = this.#current;
    const now = this.#now();
    const { framesDropped } = this.#downlink;
    const statistics = meter.read(session.path(now), session.laneFigures(now), framesDropped, now);
    this.#report({ type: "statistics", statistics });
  }

  #tell(state: TunnelState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#report({ type: "stateChanged", state, reason });
  }

  #now(): Seconds {
    return this.#environment.clock.monotonic();
  }
}

const OFFLINE = "This device is offline. The call goes on when the network is back.";
const INTERRUPTED = "The connection was interrupted. Reconnecting …";
const REJOINING = "The connection was away for too long. Joining the room again …";
const UNREACHABLE = "The server does not answer. Trying again …";
