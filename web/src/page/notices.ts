/** What the page tells without being asked: notes that pass, and cards that stay until the matter is settled. */

import { actionButton } from "./controls.ts";
import { element } from "./dom.ts";
import { icon } from "./icons.ts";
import { type Explanation, strings } from "./strings.ts";

const TOAST_MS = 4_000;
const MOST_TOASTS = 3;

/** A card with a problem or a state in plain words. */
export function card(
  explanation: Explanation,
  look: "problem" | "waiting",
  action: { readonly label: string; readonly run: () => void } | null,
  dismiss: (() => void) | null = null,
): HTMLElement {
  return element(
    "div",
    { class: `card ${look}`, role: look === "problem" ? "alert" : "status" },
    look === "problem" ? icon("warning") : element("span", { class: "spinner", "aria-hidden": "true" }),
    element(
      "div",
      { class: "card-text" },
      element("strong", {}, explanation.title),
      explanation.text !== "" && element("span", {}, explanation.text),
    ),
    action !== null && element("button", { type: "button", class: "small", onclick: action.run }, action.label),
    dismiss !== null && actionButton("close", strings.controls.close, dismiss, "plain"),
  );
}

/** Notes in a corner; the oldest goes when a fourth comes. */
export class Toasts {
  readonly root = element("div", { class: "toasts", role: "status", "aria-live": "polite" });

  say(text: string): void {
    const toast = element("div", { class: "toast" }, text);
    this.root.append(toast);
    while (this.root.children.length > MOST_TOASTS) this.root.firstElementChild?.remove();
    setTimeout(() => toast.remove(), TOAST_MS);
  }
}
