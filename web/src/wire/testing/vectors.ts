/** Messages as tests/vectors spells them: snake_case members, bytes in hexadecimal. */

import { readFileSync } from "node:fs";
import type { Message } from "../codec.ts";
import type { ControlMessage } from "../control.ts";
import { writeControl } from "../control.ts";
import type { JsonObject } from "../json.ts";
import { writeClose, writeHello, writeWelcome } from "../messages.ts";

/** Read a file of tests/vectors. */
export const readVectors = <Shape>(name: string): Shape =>
  JSON.parse(readFileSync(new URL(`../../../../tests/vectors/${name}`, import.meta.url), "utf8")) as Shape;

/** Bytes of hexadecimal digits. */
export const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** Hexadecimal digits of bytes. */
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A CONTROL's body as the vectors spell it. */
export const controlJson = (message: ControlMessage): JsonObject => writeControl(message);

/** A message as the vectors spell it. */
export function messageJson(message: Message): JsonObject {
  const { type } = message;
  switch (type) {
    case "video":
      return {
        type,
        track_id: message.trackId,
        frame_number: message.frameNumber,
        reference_distance: message.referenceDistance,
        rtp_timestamp: message.frame.rtpTimestamp,
        capture_time_us: message.frame.captureTimeUs,
        keyframe: message.frame.keyframe,
        discardable: message.frame.discardable,
        temporal_layer: message.frame.temporalLayer,
        data: hexOf(message.frame.data),
      };
    case "audio":
      return {
        type,
        track_id: message.trackId,
        frame_number: message.frameNumber,
        rtp_timestamp: message.frame.rtpTimestamp,
        capture_time_us: message.frame.captureTimeUs,
        audio_level: message.frame.audioLevel,
        data: hexOf(message.frame.data),
      };
    case "fragment":
      return {
        type,
        data_count: message.dataCount,
        index: message.index,
        block_number: message.blockNumber,
        message_length: message.messageLength,
        payload: hexOf(message.payload),
      };
    case "ack":
      return {
        type,
        control_received: message.controlReceived,
        sent_at_us: message.sentAtUs,
        lanes: message.lanes.map((lane) => ({
          lane_id: lane.laneId,
          messages_received: lane.messagesReceived,
          held_us: lane.heldUs,
        })),
      };
    case "ping":
      return { type, sent_at_us: message.sentAtUs };
    case "pong":
      return { type, ping_sent_at_us: message.pingSentAtUs, received_at_us: message.receivedAtUs };
    case "control":
      return { type, sequence_number: message.sequenceNumber, message: controlJson(message.message) };
    case "hello":
      return { type, ...writeHello(message) };
    case "welcome":
      return { type, ...writeWelcome(message) };
    case "close":
      return { type, ...writeClose(message) };
    case "skipped":
      return { type, message_type: message.messageType };
  }
}
