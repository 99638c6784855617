/** The call's keyboard shortcuts, and the window that lists them. */

import { actionButton } from "./controls.ts";
import { element, sheet } from "./dom.ts";
import { strings } from "./strings.ts";

const words = strings.help;

/** Keys, as `KeyboardEvent.key` in lower case, with what they do. */
export const SHORTCUTS = {
  m: words.microphone,
  v: words.camera,
  s: words.screen,
  d: words.details,
  h: words.self,
  g: words.everybody,
  "?": words.help,
} as const;
/** A key that does something. */
export type Shortcut = keyof typeof SHORTCUTS;

/** Which shortcut a key press means; null for none, and for keys that go to a field or a window. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return null;
  if ((event.target as HTMLElement).closest("input, select, textarea, dialog:modal") !== null) return null;
  const key = event.key.toLowerCase();
  return Object.hasOwn(SHORTCUTS, key) ? (key as Shortcut) : null;
}

/** The list. @param keys those that do something here. */
export function helpDialog(keys: readonly Shortcut[]): HTMLDialogElement {
  const row = (key: string, meaning: string) => [
    element("dt", {}, element("kbd", {}, key)),
    element("dd", {}, meaning),
  ];
  return sheet(
    "help",
    words.title,
    (close) => actionButton("close", strings.controls.close, close, "plain"),
    element(
      "dl",
      { class: "shortcuts" },
      ...keys.flatMap((key) => row(key.toUpperCase(), SHORTCUTS[key])),
      ...row(words.escapeKey, words.escape),
    ),
    element("p", { class: "hint" }, words.hint),
  );
}
