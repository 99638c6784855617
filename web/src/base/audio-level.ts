/** How loud sound is, on the scale of RFC 6464 §3: −dBov, 0 (loudest) … 127 (silence). The encoder, the decoder and the audio thread use it. */

const SILENCE = 127;
/** Louder than this counts as voice. */
const VOICE = 50;
const VOICE_BIT = 0x80;

/** The level of sound whose squares add up to `squareSum` over `count` samples of −1 … 1. @returns 0 … 127. */
export function levelOfSquares(squareSum: number, count: number): number {
  const rms = Math.sqrt(squareSum / Math.max(1, count));
  return rms <= 0 ? SILENCE : Math.max(0, Math.min(SILENCE, Math.round(-20 * Math.log10(rms))));
}

/** The level of a block. @param samples −1 … 1. @returns 0 (loudest) … 127 (silence). */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return levelOfSquares(sum, samples.length);
}

/** The RFC 6464 octet of a block: its level, and in bit 7 a simple decision whether that is voice. */
export function audioLevelOctet(samples: Float32Array): number {
  const level = levelOf(samples);
  return level < VOICE ? level | VOICE_BIT : level;
}
