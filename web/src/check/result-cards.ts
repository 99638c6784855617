/** One card a check: what is checked, how it came out, what it means. */

import type { Check, Outcome, Result } from "../doctor/index.ts";
import { element, fill } from "../page/dom.ts";
import { sentenceOf, strings } from "./strings.ts";

const MARKS: Record<Outcome, string> = { well: "✓", hindered: "!", blocked: "✕", untested: "–" };

/** All cards, in the order of the checks. */
export class ResultCards {
  readonly root = element("ul", { class: "results", "aria-label": strings.details });
  readonly #cards = new Map<Check, HTMLElement>();

  constructor(checks: readonly Check[]) {
    for (const check of checks) {
      const card = element("li", { class: "result waiting", "data-check": check });
      this.#cards.set(check, card);
      this.root.append(card);
      this.#fill(check, "·", strings.waiting, "");
    }
  }

  began(check: Check): void {
    this.#look(check, "busy");
    this.#fill(check, "", strings.atWork, "");
  }

  found(result: Result): void {
    this.#look(result.check, result.outcome, result.finding);
    this.#fill(result.check, MARKS[result.outcome], strings.outcomes[result.outcome], sentenceOf(result));
  }

  #look(check: Check, state: string, finding = ""): void {
    const card = this.#cards.get(check);
    if (card === undefined) return;
    card.className = `result ${state}`;
    card.dataset.outcome = state;
    card.dataset.finding = finding;
  }

  #fill(check: Check, mark: string, outcome: string, sentence: string): void {
    const card = this.#cards.get(check);
    if (card === undefined) return;
    fill(
      card,
      element("span", { class: mark === "" ? "spinner" : "mark", "aria-hidden": "true" }, mark),
      element(
        "div",
        { class: "card-text" },
        element("strong", {}, strings.checks[check]),
        element("span", { class: "outcome" }, outcome),
        sentence !== "" && element("span", { class: "sentence" }, sentence),
      ),
    );
  }
}
