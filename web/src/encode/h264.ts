/** What the encode worker needs to know of H.264 (ITU-T H.264): level by picture size, and what a coded picture is worth. */

/** Table A-1: level → largest macroblocks per second and per picture. */
const LEVELS: ReadonlyArray<readonly [levelIdc: number, perSecond: number, perPicture: number]> = [
  [0x1f, 108_000, 3_600],
  [0x20, 216_000, 5_120],
  [0x28, 245_760, 8_192],
  [0x2a, 522_240, 8_704],
  [0x32, 589_824, 22_080],
  [0x33, 983_040, 36_864],
];

/**
 * The WebCodecs name of H.264 constrained baseline at the lowest level, from 3.1 up, that holds such pictures.
 *
 * Lower levels than 3.1 are not used: SFUs and browsers agree on 42e01f everywhere.
 */
export function codecString(width: number, height: number, framerate: number): string {
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const level = LEVELS.find(([, second, picture]) => macroblocks <= picture && macroblocks * framerate <= second);
  return `avc1.42e0${(level?.[0] ?? 0x34).toString(16).padStart(2, "0")}`;
}

/**
 * Whether no other picture refers to this one: nal_ref_idc of its slices is 0 (§7.4.1; the same in all slices of a picture).
 *
 * @param accessUnit Annex B.
 */
export function isDiscardable(accessUnit: Uint8Array): boolean {
  for (let i = 0; i + 3 < accessUnit.length; i += 1) {
    if (accessUnit[i] !== 0 || accessUnit[i + 1] !== 0 || accessUnit[i + 2] !== 1) continue;
    const header = accessUnit[i + 3] ?? 0;
    const type = header & 0x1f;
    if (type === 1 || type === 5) return (header & 0x60) === 0;
    i += 3;
  }
  return false;
}
