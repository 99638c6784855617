/** What stands in a tile while there is no picture: initials on a colour that belongs to the name. */

/** One or two letters of a name; a question mark for none. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0] === undefined ? "?" : firstOf(words[0]);
  const last = words.length > 1 ? firstOf(words[words.length - 1] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** A hue, 0 … 359, the same for the same name everywhere. */
export function hueOf(name: string): number {
  let hash = 2166136261;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}

function firstOf(word: string): string {
  return [...word].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? "";
}
