/** The way as a picture: browser, what is on the way, gateway, room; each link in the colour of what was found on it. */

import type { Result, Verdict } from "../doctor/index.ts";
import { element, fill } from "../page/dom.ts";
import { strings } from "./strings.ts";

type State = "waiting" | "well" | "hindered" | "blocked";

/** The picture; `show` as often as something is new. */
export class WayPicture {
  readonly root = element("ol", { class: "way", "aria-label": strings.picture.label });

  constructor() {
    this.show([], null);
  }

  /** @param verdict null while checks are at work. */
  show(results: readonly Result[], verdict: Verdict | null): void {
    const words = strings.picture;
    const proxied = results.some(
      ({ finding }) => finding === "proxied" || finding === "old-version" || finding === "inspected",
    );
    const carriers = results.filter(({ check }) => check !== "native" && !check.startsWith("tunnel"));
    const room = results.filter(({ check }) => check === "native" || check.startsWith("tunnel"));
    const far: State =
      verdict === null
        ? stateOf(room)
        : verdict.way === "none"
          ? "blocked"
          : room.some(({ outcome }) => outcome === "well")
            ? "well"
            : stateOf(room);
    const near = verdict !== null && verdict.way === "none" ? stateOf(carriers) : softened(stateOf(carriers));
    fill(
      this.root,
      stop(words.browser, "well"),
      link(near),
      stop(proxied ? words.proxy : words.network, near),
      link(near),
      stop(
        words.gateway,
        results.some(({ check, outcome }) => check === "http" && outcome !== "blocked") ? "well" : near,
      ),
      link(far),
      stop(words.room, far),
    );
  }
}

/** The worst of them. */
function stateOf(results: readonly Result[]): State {
  for (const state of ["blocked", "hindered", "well"] as const) {
    if (results.some(({ outcome }) => outcome === state)) return state;
  }
  return "waiting";
}

/** One carrier that is blocked does not block the way. */
const softened = (state: State): State => (state === "blocked" ? "hindered" : state);

const stop = (label: string, state: State) => element("li", { class: `stop ${state}` }, element("span", {}, label));
const link = (state: State) => element("li", { class: `link ${state}`, "aria-hidden": "true" });
