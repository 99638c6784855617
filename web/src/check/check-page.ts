/** The whole check page: a button, the verdict, the way as a picture, a card a check, texts to pass on. */

import {
  type Allowed,
  allowlistText,
  type Check,
  examine,
  type IceServersByCheck,
  judge,
  type Result,
  relayEntries,
  reportOf,
  type Site,
  sendReport,
  type Verdict,
} from "../doctor/index.ts";
import { ColourToggle } from "../page/colours.ts";
import { element, fill } from "../page/dom.ts";
import { Toasts } from "../page/notices.ts";
import { loadPreferences, savePreferences } from "../page/preferences.ts";
import { PAGE_VERSION } from "../page/version.ts";
import { ResultCards } from "./result-cards.ts";
import { requestOf, strings } from "./strings.ts";
import { WayPicture } from "./way-picture.ts";

/** What the page was opened with. */
export interface CheckOptions {
  readonly site: Site;
  /** Where the gateway takes reports. */
  readonly reports: boolean;
  /** Whether native WebRTC goes to the gateway itself. */
  readonly native: boolean;
}

/** The page; put `root` into the document. */
export class CheckPage {
  readonly root = element("main", { class: "check" });
  readonly #options: CheckOptions;
  readonly #checks: readonly Check[];
  readonly #toasts = new Toasts();
  readonly #way = new WayPicture();
  readonly #verdict = element("section", { class: "verdict", "aria-live": "polite" });
  readonly #progress = element("progress", {
    class: "check-progress",

    value: 0,
    hidden: true,
  });
  readonly #status = element("p", { class: "hint", role: "status" });
  readonly #screen = element("div", { class: "check-screen", "aria-hidden": "true" });
  readonly #after = element("div", { class: "after" });
  readonly #button = element(
    "button",
    { type: "button", class: "primary", onclick: () => void this.run() },
    strings.start,
  );
  #cards: ResultCards;
  #running = false;

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#checks = options.site.checks;
    this.#cards = new ResultCards(this.#checks);
    this.#progress.max = this.#checks.length;
    const preferences = loadPreferences();
    const toggle = new ColourToggle(preferences.colours, (colours) =>
      savePreferences({ ...loadPreferences(), colours }),
    );
    fill(
      this.root,
      element(
        "header",
        { class: "top-bar" },
        element("span", { class: "brand" }, element("span", { class: "mark", "aria-hidden": "true" }), strings.title),
        element("span", { class: "tagline" }, strings.tagline),
        element("a", { class: "small", href: "./" }, strings.back),
        toggle.root,
      ),
      element(
        "div",
        { class: "check-body" },
        element("h1", { tabindex: -1 }, strings.title),
        element("p", { class: "intro" }, strings.intro),
        this.#button,
        this.#progress,
        this.#status,
        this.#way.root,
        this.#verdict,
        this.#after,
        element("h2", {}, strings.details),
        this.#cards.root,
        this.#screen,
      ),
      this.#toasts.root,
    );
  }

  /** Check everything once. Called in the handler of a click, so that a tone may be played. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.root.dataset.state = "running";
    this.#button.disabled = true;
    this.#button.textContent = strings.running;
    const cards = new ResultCards(this.#checks);
    this.#cards.root.replaceWith(cards.root);
    this.#cards = cards;
    fill(this.#verdict);
    fill(this.#after);
    this.#progress.hidden = false;
    const audio = await newAudio();
    const found: Result[] = [];
    this.#told(found);
    const around = { audio, show: (surface: HTMLElement | null) => fill(this.#screen, surface) };
    const { results, servers } = await examine(this.#options.site, around, {
      began: (check) => cards.began(check),
      found: (result) => {
        found.push(result);
        cards.found(result);
        this.#told(found);
      },
    });
    void audio?.close();
    this.#over(results, judge(results), servers);
  }

  #told(found: readonly Result[]): void {
    this.#progress.value = found.length;
    const idle = found.some(({ check }) => check === "idle");
    const waiting = !idle && found.length > 0 && found.length === this.#checks.length - 1;
    this.#status.textContent = waiting ? strings.watching : strings.progress(found.length, this.#checks.length);
    this.#way.show(found, null);
  }

  #over(results: readonly Result[], verdict: Verdict, servers: IceServersByCheck): void {
    this.#running = false;
    this.root.dataset.state = "over";
    this.#button.disabled = false;
    this.#button.textContent = strings.again;
    this.#progress.hidden = true;
    this.#status.textContent = "";
    this.#way.show(results, verdict);
    const { title, text } = strings.grades[verdict.grade];
    this.#verdict.className = `verdict ${verdict.grade}`;
    this.#verdict.dataset.way = verdict.way;
    fill(
      this.#verdict,
      element("h2", { tabindex: -1 }, title),
      element("p", {}, strings.ways[verdict.way]),
      element("p", { class: "hint" }, verdict.tried || verdict.way === "none" ? text : strings.expected),
    );
    fill(this.#after, this.#administrator(verdict, servers), this.#options.reports && this.#report(results, verdict));
  }

  #administrator(verdict: Verdict, servers: IceServersByCheck): HTMLElement {
    const words = strings.administrator;
    const requests = verdict.hindrances.map(requestOf).filter((sentence) => sentence !== "");
    const text = allowlistText(strings.allowlist, this.#entries(servers), requests);
    const copy = async (): Promise<void> => {
      const copied = await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      );
      this.#toasts.say(copied ? words.copied : words.notCopied);
    };
    return element(
      "section",
      { class: "panel" },
      element("h2", {}, words.title),
      element("p", { class: "hint" }, words.text),
      element("pre", { class: "administrator", tabindex: 0 }, text),
      element("button", { type: "button", class: "small", onclick: () => void copy() }, words.copy),
    );
  }

  #report(results: readonly Result[], verdict: Verdict): HTMLElement {
    const words = strings.report;
    const send = async (): Promise<void> => {
      button.disabled = true;
      const report = reportOf(PAGE_VERSION, navigator.userAgent, results, verdict);
      const sent = await sendReport(this.#options.site, report);
      button.disabled = sent;
      this.#toasts.say(sent ? words.sent : words.notSent);
    };
    const button = element("button", { type: "button", class: "small", onclick: () => void send() }, words.send);
    return element(
      "section",
      { class: "panel" },
      element("h2", {}, words.title),
      element("p", { class: "hint" }, words.text),
      button,
    );
  }

  #entries(servers: IceServersByCheck): Allowed[] {
    const { protocol, hostname, port } = new URL(this.#options.site.url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const secure = protocol === "https:";
    const ports = port || (secure ? "443" : "80");
    const purpose = secure ? strings.purposes.secure : strings.purposes.plain;
    const entries: Allowed[] = [{ host, ports, protocol: "TCP", purpose, needed: true }];
    if (this.#options.native) {
      entries.push({ host, ports: "1024-65535", protocol: "UDP", purpose: strings.purposes.native, needed: false });
    }
    return [...entries, ...relayEntries(servers, strings.purposes)];
  }
}

/** A context that plays, or null where the browser does not let it. */
async function newAudio(): Promise<AudioContext | null> {
  try {
    const audio = new AudioContext();
    await Promise.race([audio.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
    return audio;
  } catch {
    return null;
  }
}
