/**
 * What WebCodecs calls the codec of a stream, read off its keyframes: decoders want to know the profile beforehand. Used by the
 * decode worker.
 */

import { codecNameOf as h264NameOf } from "../base/h264.ts";
import type { Codec } from "../base/media.ts";

/** Names that fit nearly everything, for keyframes that do not say. */
const DEFAULTS: Readonly<Record<Exclude<Codec, "opus">, string>> = {
  h264: "avc1.42e01f",
  vp8: "vp8",
  vp9: "vp09.00.41.08",
  av1: "av01.0.09M.08",
};

const two = (value: number): string => String(value).padStart(2, "0");

/** The profile stands in the first octet (VP9 bitstream specification §6.2), low bit first; 2 and 3 have 10 bits or 12. */
function vp9NameOf(keyframe: Uint8Array): string | null {
  const first = keyframe[0];
  if (first === undefined || first >> 6 !== 0b10) return null;
  const profile = ((first >> 5) & 1) | (((first >> 4) & 1) << 1);
  return `vp09.${two(profile)}.41.${profile >= 2 ? "10" : "08"}`;
}

const AV1_SEQUENCE_HEADER = 1;
/** Level 4.1: 1080p60. */
const MIDDLING_LEVEL = 9;

/** The sequence header of a temporal unit (AV1 specification §5.3 to §5.5); null when there is none. */
function sequenceHeaderOf(unit: Uint8Array): Uint8Array | null {
  for (let at = 0; at < unit.length; ) {
    const header = unit[at] ?? 0;
    at += header & 0b100 ? 2 : 1;
    let size = unit.length - at;
    if (header & 0b10) {
      size = 0;
      for (let shift = 0; shift < 28; shift += 7) {
        const octet = unit[at] ?? 0;
        at += 1;
        size |= (octet & 0x7f) << shift;
        if (octet < 0x80) break;
      }
    }
    if (((header >> 3) & 0xf) === AV1_SEQUENCE_HEADER) return unit.subarray(at, at + size);
    at += size;
  }
  return null;
}

/**
 * Profile and level (§5.5.1). The level stands at a fixed place when there is no timing information, which WebRTC senders
 * leave out; else a middling one will do.
 */
function av1NameOf(keyframe: Uint8Array): string | null {
  const header = sequenceHeaderOf(keyframe);
  if (header === null || header.length < 4) return null;
  const [first = 0, second = 0, , fourth = 0] = header;
  const profile = first >> 5;
  const reduced = (first & 0b1000) !== 0;
  const timed = (first & 0b100) !== 0;
  const level = reduced ? ((first & 0b111) << 2) | (second >> 6) : timed ? MIDDLING_LEVEL : fourth >> 3;
  return `av01.${profile}.${two(level)}M.${profile === 2 ? "10" : "08"}`;
}

/** The name for a keyframe's stream. @returns a safe default when the keyframe does not say. */
export function codecNameOf(codec: Exclude<Codec, "opus">, keyframe: Uint8Array): string {
  const readers = { h264: h264NameOf, vp8: () => null, vp9: vp9NameOf, av1: av1NameOf };
  return readers[codec](keyframe) ?? DEFAULTS[codec];
}
