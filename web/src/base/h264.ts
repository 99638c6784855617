/**
 * What the page needs to know of H.264 (ITU-T H.264) on both sides: the NAL units of an access unit, the codec's name by
 * picture size or by parameter set, and what a coded picture is worth to others. Used by `encode` and `decode`.
 */

const NON_IDR_SLICE = 1;
const IDR_SLICE = 5;
const SEQUENCE_PARAMETER_SET = 7;

/** Table A-1: level → largest macroblocks per second and per picture. */
const LEVELS: ReadonlyArray<readonly [levelIdc: number, perSecond: number, perPicture: number]> = [
  [0x1f, 108_000, 3_600],
  [0x20, 216_000, 5_120],
  [0x28, 245_760, 8_192],
  [0x2a, 522_240, 8_704],
  [0x32, 589_824, 22_080],
  [0x33, 983_040, 36_864],
];

/** Where the NAL units of an Annex B access unit begin: the index of each one's header octet, after its start code. */
export function* nalUnits(accessUnit: Uint8Array): Generator<number> {
  for (let i = 0; i + 3 < accessUnit.length; i += 1) {
    if (accessUnit[i] !== 0 || accessUnit[i + 1] !== 0 || accessUnit[i + 2] !== 1) continue;
    yield i + 3;
    i += 3;
  }
}

const nalTypeAt = (accessUnit: Uint8Array, index: number): number => (accessUnit[index] ?? 0) & 0x1f;

const isSlice = (nalType: number): boolean => nalType === NON_IDR_SLICE || nalType === IDR_SLICE;

/**
 * The WebCodecs name of H.264 constrained baseline at the lowest level, from 3.1 up, that holds such pictures.
 *
 * Lower levels than 3.1 are not used: SFUs and browsers agree on 42e01f everywhere.
 */
export function codecNameFor(width: number, height: number, framerate: number): string {
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const level = LEVELS.find(([, second, picture]) => macroblocks <= picture && macroblocks * framerate <= second);
  return `avc1.42e0${(level?.[0] ?? 0x34).toString(16).padStart(2, "0")}`;
}

/**
 * The WebCodecs name, from profile, constraints and level of the sequence parameter set (§7.3.2.1.1).
 *
 * @param accessUnit Annex B.
 * @returns as `avc1.42e01f`; null when no parameter set stands before the slices.
 */
export function codecNameOf(accessUnit: Uint8Array): string | null {
  for (const index of nalUnits(accessUnit)) {
    const type = nalTypeAt(accessUnit, index);
    if (isSlice(type)) return null;
    if (type !== SEQUENCE_PARAMETER_SET || index + 3 >= accessUnit.length) continue;
    const octets = [...accessUnit.subarray(index + 1, index + 4)];
    return `avc1.${octets.map((octet) => octet.toString(16).padStart(2, "0")).join("")}`;
  }
  return null;
}

/**
 * Whether no other picture refers to this one: nal_ref_idc of its slices is 0 (§7.4.1; the same in all slices of a picture).
 *
 * @param accessUnit Annex B.
 */
export function isDiscardable(accessUnit: Uint8Array): boolean {
  for (const index of nalUnits(accessUnit)) {
    if (isSlice(nalTypeAt(accessUnit, index))) return ((accessUnit[index] ?? 0) & 0x60) === 0;
  }
  return false;
}
