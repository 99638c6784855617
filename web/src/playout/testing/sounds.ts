/** Sounds whose pitch, smoothness and spectrum tests can check: functions of the sample's number at 48 kHz. */

/** One sample of a sound, −1 … 1. */
export type Sound = (sample: number) => number;

const RATE = 48_000;

export const tone =
  (hertz: number, amplitude = 0.5): Sound =>
  (sample) =>
    amplitude * Math.sin((2 * Math.PI * hertz * sample) / RATE);

/** Three notes at once, without a common period within 20 ms. */
export const chord: Sound = (sample) =>
  tone(261.63, 0.2)(sample) + tone(329.63, 0.2)(sample) + tone(415.3, 0.2)(sample);

/** How strong each harmonic of a voice of 130 Hz is, under two formants. */
const HARMONICS = Array.from({ length: 16 }, (_, i) => {
  const hertz = (i + 1) * 130;
  return 0.05 + Math.exp(-(((hertz - 600) / 250) ** 2)) + 0.4 * Math.exp(-(((hertz - 1700) / 300) ** 2));
});

/** Like a voice: harmonics of a pitch that glides about 130 Hz, in syllables with pauses between them. */
export const voice: Sound = (sample) => {
  const seconds = sample / RATE;
  const syllable = Math.max(0, Math.sin(2 * Math.PI * 2.5 * seconds));
  if (syllable === 0) return 0;
  const phase = 2 * Math.PI * (130 * seconds + 2 * Math.sin(2 * Math.PI * 0.7 * seconds));
  let sum = 0;
  // sin(nx) from the two before it, for the sines are most of the tests' time.
  const twice = 2 * Math.cos(phase);
  let sine = Math.sin(phase);
  let before = 0;
  for (const strength of HARMONICS) {
    sum += strength * sine;
    [sine, before] = [twice * sine - before, sine];
  }
  return 0.12 * Math.sqrt(syllable) * sum;
};

/** Even noise, the same at every run. */
export const noise: Sound = (sample) => {
  const value = Math.sin(sample * 12.9898) * 43758.5453;
  return 0.2 * (2 * (value - Math.floor(value)) - 1);
};

/** The pitch of a tone by its rising zero crossings, interpolated, Hz. */
export function pitchOf(samples: readonly number[] | Float32Array): number {
  let first = Number.NaN;
  let last = Number.NaN;
  let crossings = 0;
  for (let i = 1; i < samples.length; i += 1) {
    const before = samples[i - 1] ?? 0;
    const here = samples[i] ?? 0;
    if (before >= 0 || here < 0) continue;
    const at = i - here / (here - before);
    if (Number.isNaN(first)) first = at;
    else crossings += 1;
    last = at;
  }
  return (crossings * RATE) / (last - first);
}

/** The largest jump between neighbouring samples. */
export function largestStep(samples: readonly number[] | Float32Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i += 1) {
    largest = Math.max(largest, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
  }
  return largest;
}

/** Share of the power that lies above a frequency, by a second difference's weight: a click lifts it, for it has all frequencies. */
export function roughness(samples: readonly number[] | Float32Array): number {
  let rough = 0;
  let all = 1e-12;
  for (let i = 2; i < samples.length; i += 1) {
    const second = (samples[i] ?? 0) - 2 * (samples[i - 1] ?? 0) + (samples[i - 2] ?? 0);
    rough += second * second;
    all += (samples[i] ?? 0) ** 2;
  }
  return rough / all;
}
