/** How a session with the gateway begins in this browser, and what belongs to it alone. The transport starts one after another. */

import { CloseCode } from "../base/errors.ts";
import type { PortLike } from "../base/frame-port.ts";
import { CODECS, kindOf, type Track } from "../base/media.ts";
import type { SessionEvent } from "../session/events.ts";
import { MAX_LANES } from "../session/lane-count.ts";
import { Session } from "../session/session.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import type { Environment } from "./environment.ts";
import { LaneKeeper, type LaneKeeperEvents, type LaneUrls } from "./lane-keeper.ts";
import type { KindLadder } from "./lane-kinds.ts";
import type { TunnelOptions } from "./messages.ts";
import { Pump } from "./pump.ts";
import type { Reconnection } from "./reconnection.ts";
import { StatisticsMeter } from "./statistics.ts";

const CLIENT = "wsmedia-web/0.1";
/** What the page has a decoder for, with WebCodecs at least; the gateway announces every track all the same. */
const CAPABILITIES = {
  audio: CODECS.filter((codec) => kindOf(codec) === "audio"),
  video: CODECS.filter((codec) => kindOf(codec) === "video"),
};

/** One session with what belongs to it alone. */
export interface TunnelSession<Port extends PortLike> {
  readonly session: Session;
  readonly pump: Pump;
  readonly keeper: LaneKeeper<Port>;
  readonly meter: StatisticsMeter;
}

/** What a session tells the transport. */
export interface TunnelSessionEvents extends Omit<LaneKeeperEvents, "malformed"> {
  event(event: SessionEvent): void;
  /** Nothing is left to be done for the moment. */
  settled(): void;
  /** It is time to read the meter. */
  measure(): void;
}

/** Where a session's lanes go, under a gateway's base address (PROTOCOL.md §2). */
export function sessionUrls(base: string, sessionId: string): LaneUrls {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/sessions/${sessionId}/`;
  url.search = "";
  url.hash = "";
  url.protocol = url.protocol.replace("ws", "http");
  const http = new URL("http/", url).href;
  url.protocol = url.protocol.replace("http", "ws");
  return { socket: new URL("ws", url).href, http };
}

/**
 * Begin: the session exists when this returns, its lanes follow.
 *
 * @param isCurrent whether the events of this session are still wanted.
 * @param tracks what is to be published in it.
 */
export function startSession<Port extends PortLike>(
  options: TunnelOptions,
  environment: Environment<Port>,
  reconnection: Reconnection,
  ladder: KindLadder,
  events: TunnelSessionEvents,
  isCurrent: (session: Session) => boolean,
  tracks: Iterable<Track>,
  online: boolean,
): TunnelSession<Port> {
  const { clock, timers } = environment;
  const now = clock.monotonic();
  const sessionId = environment.randomHex(16);
  const { lanes = null, maxLanes = MAX_LANES } = options;
  const session = new Session("client", sessionId, {
    key: environment.randomHex(32),
    now,
    maxLanes: Math.max(maxLanes, lanes ?? 1),
    fixedLanes: lanes,
    hello: {
      type: "hello",
      version: PROTOCOL_VERSION,
      laneId: 0,
      laneKind: "",
      key: "",
      resume: false,
      controlReceived: 0,
      room: options.room,
      name: options.name,
      token: options.token ?? null,
      handover: options.handover ?? null,
      client: CLIENT,
      capabilities: CAPABILITIES,
    },
  });
  const pump: Pump = new Pump(
    session,
    clock,
    timers,
    (event) => isCurrent(session) && events.event(event),
    () => isCurrent(session) && events.settled(),
  );
  const malformed = (): void => {
    session.close(CloseCode.MALFORMED, "text message", clock.monotonic());
    pump.wake();
  };
  const keeper = new LaneKeeper(
    sessionUrls(options.url, sessionId),
    environment,
    pump,
    reconnection,
    ladder,
    { ...events, malformed },
    online,
  );
  const meter = new StatisticsMeter(pump.counters, timers, events.measure, now);
  for (const track of tracks) session.sendControl({ type: "publish", track }, now);
  keeper.connect();
  return { session, pump, keeper, meter };
}
