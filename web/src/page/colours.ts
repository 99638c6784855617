/** Light or dark: as the system, until the user says otherwise. */

import { actionButton } from "./controls.ts";
import { fill, setAttribute } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Preferences } from "./preferences.ts";
import { strings } from "./strings.ts";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

/** The button that switches between light and dark. */
export class ColourToggle {
  readonly root: HTMLButtonElement;
  readonly #remember: (colours: "light" | "dark") => void;
  #colours: Preferences["colours"];

  constructor(colours: Preferences["colours"], remember: (colours: "light" | "dark") => void) {
    this.#colours = colours;
    this.#remember = remember;
    this.root = actionButton("moon", "", () => this.#toggle(), "plain");
    systemIsDark.addEventListener("change", () => this.#show());
    this.#show();
  }

  get #isDark(): boolean {
    return this.#colours === "" ? systemIsDark.matches : this.#colours === "dark";
  }

  #toggle(): void {
    this.#colours = this.#isDark ? "light" : "dark";
    this.#remember(this.#colours);
    this.#show();
  }

  #show(): void {
    setAttribute(document.documentElement, "data-colours", this.#colours || null);
    const label = this.#isDark ? strings.controls.light : strings.controls.dark;
    fill(this.root, icon(this.#isDark ? "sun" : "moon"));
    this.root.title = label;
    this.root.setAttribute("aria-label", label);
  }
}
