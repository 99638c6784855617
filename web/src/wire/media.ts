/**
 * VIDEO and AUDIO: a fixed header in front of one frame's bytes, untouched (PROTOCOL.md §3.4).
 *
 * The hottest code of the tunnel: the payload of a received frame is a view of the message, not a copy.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { Microseconds } from "../base/time.ts";

export const VIDEO = 0x04;
export const AUDIO = 0x05;
export const VIDEO_HEADER_BYTES = 21;
export const AUDIO_HEADER_BYTES = 20;

const KEYFRAME = 0x80;
const DISCARDABLE = 0x40;
const LAYER_MASK = 0x07;
const UNKNOWN_LEVEL = 0x7f;
const HIGH_WORD = 2 ** 32;
/** Times on the wire stay below 2^53, so that JavaScript's numbers hold them exactly. */
const MAX_HIGH_WORD = 2 ** 21;

/** One access unit with its place in the track: `referenceDistance` is 0 for a keyframe, else 1 … 255. */
export interface VideoMessage {
  readonly type: "video";
  readonly trackId: number;
  readonly frameNumber: number;
  readonly referenceDistance: number;
  readonly frame: EncodedFrame;
}

/** One Opus packet with its place in the track. */
export interface AudioMessage {
  readonly type: "audio";
  readonly trackId: number;
  readonly frameNumber: number;
  readonly frame: EncodedFrame;
}

/** Write a u64 that is below 2^53. */
export function writeU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / HIGH_WORD));
  view.setUint32(offset + 4, value % HIGH_WORD);
}

/** Read a u64. @throws RemoteProtocolError if it is 2^53 or more. */
export function readU64(view: DataView, offset: number): number {
  const high = view.getUint32(offset);
  if (high >= MAX_HIGH_WORD) throw new RemoteProtocolError("a number beyond 2^53");
  return high * HIGH_WORD + view.getUint32(offset + 4);
}

/** Bytes of a message as a `DataView`. */
export const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/**
 * Make a VIDEO message: 21 octets of header and the frame's data.
 *
 * @param frameNumber 0 … 2^32-1.
 * @param referenceDistance 0 for a keyframe, else 1 … 255.
 */
export function encodeVideo(
  trackId: number,
  frameNumber: number,
  referenceDistance: number,
  frame: EncodedFrame,
): Uint8Array<ArrayBuffer> {
  const flags = (frame.keyframe ? KEYFRAME : 0) | (frame.discardable ? DISCARDABLE : 0) | frame.temporalLayer;
  const message = new Uint8Array(VIDEO_HEADER_BYTES + frame.data.length);
  writeHeader(message, VIDEO, flags, trackId, frameNumber, frame);
  message[20] = referenceDistance;
  message.set(frame.data, VIDEO_HEADER_BYTES);
  return message;
}

/** Make an AUDIO message: 20 octets of header and the packet; the ranges are those of `encodeVideo`. */
export function encodeAudio(trackId: number, frameNumber: number, frame: EncodedFrame): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(AUDIO_HEADER_BYTES + frame.data.length);
  writeHeader(message, AUDIO, frame.audioLevel ?? UNKNOWN_LEVEL, trackId, frameNumber, frame);
  message.set(frame.data, AUDIO_HEADER_BYTES);
  return message;
}

/** Whether the frame of a VIDEO message refers to no other. */
export const isKeyframe = (videoMessage: Uint8Array): boolean => ((videoMessage[1] ?? 0) & KEYFRAME) !== 0;

/** Whether no other frame refers to that of a VIDEO message. */
export const isDiscardable = (videoMessage: Uint8Array): boolean =>
  ((videoMessage[1] ?? 0) & (KEYFRAME | DISCARDABLE)) === DISCARDABLE;

function writeHeader(
  message: Uint8Array,
  type: number,
  flags: number,
  trackId: number,
  frameNumber: number,
  frame: EncodedFrame,
): void {
  const view = viewOf(message);
  view.setUint8(0, type);
  view.setUint8(1, flags);
  view.setUint16(2, trackId);
  view.setUint32(4, frameNumber);
  view.setUint32(8, frame.rtpTimestamp);
  writeU64(view, 12, frame.captureTimeUs);
}

/**
 * Read a VIDEO message; the frame's data is a view of `data`.
 *
 * @throws RemoteProtocolError too short, no payload, a time beyond 2^53, or a reference distance that contradicts K
 *   (`malformed`); payload over `maxFrameBytes` (`too_large`).
 */
export function decodeVideo(data: Uint8Array<ArrayBuffer>, maxFrameBytes: number): VideoMessage {
  checkSize(data.length - VIDEO_HEADER_BYTES, maxFrameBytes);
  const view = viewOf(data);
  const flags = view.getUint8(1);
  const keyframe = (flags & KEYFRAME) !== 0;
  const referenceDistance = view.getUint8(20);
  if (keyframe === (referenceDistance !== 0)) throw new RemoteProtocolError("VIDEO with an impossible header");
  return {
    type: "video",
    trackId: view.getUint16(2),
    frameNumber: view.getUint32(4),
    referenceDistance,
    frame: {
      data: data.subarray(VIDEO_HEADER_BYTES),
      rtpTimestamp: view.getUint32(8),
      captureTimeUs: readU64(view, 12) as Microseconds,
      keyframe,
      discardable: (flags & DISCARDABLE) !== 0,
      temporalLayer: flags & LAYER_MASK,
      audioLevel: null,
    },
  };
}

/** Read an AUDIO message; the frame's data is a view of `data`. @throws RemoteProtocolError as `decodeVideo`. */
export function decodeAudio(data: Uint8Array<ArrayBuffer>, maxFrameBytes: number): AudioMessage {
  checkSize(data.length - AUDIO_HEADER_BYTES, maxFrameBytes);
  const view = viewOf(data);
  const level = view.getUint8(1);
  return {
    type: "audio",
    trackId: view.getUint16(2),
    frameNumber: view.getUint32(4),
    frame: {
      data: data.subarray(AUDIO_HEADER_BYTES),
      rtpTimestamp: view.getUint32(8),
      captureTimeUs: readU64(view, 12) as Microseconds,
      keyframe: false,
      discardable: false,
      temporalLayer: 0,
      audioLevel: level === UNKNOWN_LEVEL ? null : level,
    },
  };
}

function checkSize(size: number, maxFrameBytes: number): void {
  if (size <= 0) throw new RemoteProtocolError("a frame without payload");
  if (size > maxFrameBytes) throw new RemoteProtocolError("frame over the limit", CloseCode.TOO_LARGE);
}
