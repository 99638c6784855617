/** What the transport needs of the world around it; tests give it another world. */

import { type Clock, systemClock, systemTimers, type Timers } from "../base/clock.ts";
import type { PortLike } from "../base/frame-port.ts";
import type { Request } from "./http-upload.ts";
import type { OpenSocket, SocketLike } from "./websocket-lane.ts";

/** `Port` is `MessagePort`, or a test's stand-in. */
export interface Environment<Port extends PortLike> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly openSocket: OpenSocket;
  readonly request: Request;
  /** A number of 0 … 1. */
  random(): number;
  /** So many random octets in lower-case hexadecimal, fit for secrets. */
  randomHex(octets: number): string;
  makeChannel(): readonly [near: Port, far: Port];
}

/** A dedicated worker's world. */
export const workerEnvironment: Environment<MessagePort> = {
  clock: systemClock,
  timers: systemTimers,
  openSocket: (url, subprotocol): SocketLike => new WebSocket(url, subprotocol),
  request: (url, init) => fetch(url, init),
  random: Math.random,
  randomHex: (octets) =>
    Array.from(crypto.getRandomValues(new Uint8Array(octets)), (octet) => octet.toString(16).padStart(2, "0")).join(""),
  makeChannel: () => {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
};
