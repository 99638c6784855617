/** Who a session is and how a lane begins: roles, HELLO and WELCOME (PROTOCOL.md §3.1, §3.2). */

import { seconds } from "../base/time.ts";
import { type Hello, PROTOCOL_VERSION, type Welcome, type WelcomeLimits } from "../wire/messages.ts";
import type { SessionLimits } from "./limits.ts";

/** Which end of the tunnel a session is. The browser is a client; the gateway's end is here for tests. */
export type Role = "client" | "gateway";

/** What a gateway's application puts into WELCOME; the engine fills in the rest. */
export interface WelcomeInfo {
  readonly participantId: string;
  readonly server: string;
  readonly limits: WelcomeLimits;
}

/** What is one lane's own in HELLO. */
export type LaneHello = Pick<Hello, "laneId" | "laneKind" | "key" | "resume" | "controlReceived">;

/** The HELLO of one lane: who we are, from `template`, and what is the lane's own. */
export const helloForLane = (template: Hello, lane: LaneHello): Hello => ({ ...template, ...lane });

/** The WELCOME of one lane. */
export const welcomeForLane = (
  info: WelcomeInfo,
  limits: SessionLimits,
  lane: Pick<Welcome, "laneId" | "resumed" | "controlReceived">,
): Welcome => ({
  type: "welcome",
  version: PROTOCOL_VERSION,
  participantId: info.participantId,
  server: info.server,
  limits: info.limits,
  resumeWindowMs: Math.round(limits.resumeWindow * 1000),
  idleTimeoutMs: Math.round(limits.idleTimeout * 1000),
  ...lane,
});

/** The client's limits after WELCOME: the gateway's timers, our own bounds on what it sends us. */
export const limitsFromWelcome = (limits: SessionLimits, welcome: Welcome): SessionLimits => ({
  ...limits,
  resumeWindow: seconds(welcome.resumeWindowMs / 1000),
  idleTimeout: seconds(welcome.idleTimeoutMs / 1000),
});
