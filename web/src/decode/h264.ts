/** What the decode worker needs to know of H.264: the codec name that belongs to a keyframe's parameter set. */

/**
 * The WebCodecs name, from profile, constraints and level of the sequence parameter set (ITU-T H.264 §7.3.2.1.1).
 *
 * @param accessUnit Annex B.
 * @returns as `avc1.42e01f`; null when the access unit carries no parameter set.
 */
export function codecOf(accessUnit: Uint8Array): string | null {
  for (let i = 0; i + 6 < accessUnit.length; i += 1) {
    if (accessUnit[i] !== 0 || accessUnit[i + 1] !== 0 || accessUnit[i + 2] !== 1) continue;
    const type = (accessUnit[i + 3] ?? 0) & 0x1f;
    if (type === 1 || type === 5) return null;
    if (type === 7) {
      const octets = [...accessUnit.subarray(i + 4, i + 7)];
      return `avc1.${octets.map((octet) => octet.toString(16).padStart(2, "0")).join("")}`;
    }
    i += 3;
  }
  return null;
}
