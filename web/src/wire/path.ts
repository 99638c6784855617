/** The messages that watch the path: ACK, PING, PONG (PROTOCOL.md §3.5, §3.6). */

import { RemoteProtocolError } from "../base/errors.ts";
import type { Microseconds } from "../base/time.ts";
import { readU64, viewOf, writeU64 } from "./media.ts";

export const ACK = 0x06;
export const PING = 0x07;
export const PONG = 0x08;
export const MAX_ACKNOWLEDGED_LANES = 255;
/** A longer time than this is told as this. */
export const MAX_HELD_US = 0xffffffff;

const ACK_HEADER_BYTES = 16;
const ACK_LANE_BYTES = 10;
const PING_BYTES = 9;
const PONG_BYTES = 17;

/** What has arrived on one lane since it began; `heldUs`: from the last of it to the ACK, saturating. */
export interface LaneAck {
  readonly laneId: number;
  readonly messagesReceived: number;
  readonly heldUs: Microseconds;
}

/** Receipts of the lanes with news, and the highest CONTROL number below which nothing is missing. */
export interface Ack {
  readonly type: "ack";
  readonly controlReceived: number;
  readonly sentAtUs: Microseconds;
  readonly lanes: readonly LaneAck[];
}

/** A sign of life that asks for one; the time is on the sender's clock. */
export interface Ping {
  readonly type: "ping";
  readonly sentAtUs: Microseconds;
}

/** The answer: the PING's time untouched, and when it arrived on the answerer's clock. */
export interface Pong {
  readonly type: "pong";
  readonly pingSentAtUs: Microseconds;
  readonly receivedAtUs: Microseconds;
}

/** 16 octets and 10 for each lane; at most 255 lanes. */
export function encodeAck(ack: Ack): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(ACK_HEADER_BYTES + ack.lanes.length * ACK_LANE_BYTES);
  const view = viewOf(message);
  view.setUint8(0, ACK);
  view.setUint8(1, ack.lanes.length);
  view.setUint32(4, ack.controlReceived);
  writeU64(view, 8, ack.sentAtUs);
  ack.lanes.forEach((lane, index) => {
    const offset = ACK_HEADER_BYTES + index * ACK_LANE_BYTES;
    view.setUint16(offset, lane.laneId);
    view.setUint32(offset + 2, lane.messagesReceived);
    view.setUint32(offset + 6, lane.heldUs);
  });
  return message;
}

/** Read an ACK. @throws RemoteProtocolError the length does not fit the lane count, or a time beyond 2^53. */
export function decodeAck(data: Uint8Array): Ack {
  if (data.length < ACK_HEADER_BYTES) throw new RemoteProtocolError("ACK too short");
  const view = viewOf(data);
  const count = view.getUint8(1);
  if (data.length !== ACK_HEADER_BYTES + count * ACK_LANE_BYTES) {
    throw new RemoteProtocolError("ACK whose length does not fit its lane count");
  }
  const lanes = Array.from({ length: count }, (_, index): LaneAck => {
    const offset = ACK_HEADER_BYTES + index * ACK_LANE_BYTES;
    return {
      laneId: view.getUint16(offset),
      messagesReceived: view.getUint32(offset + 2),
      heldUs: view.getUint32(offset + 6) as Microseconds,
    };
  });
  return { type: "ack", controlReceived: view.getUint32(4), sentAtUs: readU64(view, 8) as Microseconds, lanes };
}

/** 9 octets. */
export function encodePing(ping: Ping): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(PING_BYTES);
  message[0] = PING;
  writeU64(viewOf(message), 1, ping.sentAtUs);
  return message;
}

/** Read a PING. @throws RemoteProtocolError not 9 octets, or a time beyond 2^53. */
export function decodePing(data: Uint8Array): Ping {
  if (data.length !== PING_BYTES) throw new RemoteProtocolError("PING of a wrong length");
  return { type: "ping", sentAtUs: readU64(viewOf(data), 1) as Microseconds };
}

/** 17 octets. */
export function encodePong(pong: Pong): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(PONG_BYTES);
  message[0] = PONG;
  writeU64(viewOf(message), 1, pong.pingSentAtUs);
  writeU64(viewOf(message), 9, pong.receivedAtUs);
  return message;
}

/** Read a PONG. @throws RemoteProtocolError not 17 octets, or a time beyond 2^53. */
export function decodePong(data: Uint8Array): Pong {
  if (data.length !== PONG_BYTES) throw new RemoteProtocolError("PONG of a wrong length");
  const view = viewOf(data);
  return {
    type: "pong",
    pingSentAtUs: readU64(view, 1) as Microseconds,
    receivedAtUs: readU64(view, 9) as Microseconds,
  };
}
