/** A window of figures about the call, for those who help when something is wrong; readable once a second, and as text. */

import type { Call, TrackReading } from "../room/call.ts";
import { actionButton } from "./controls.ts";
import { element, fill } from "./dom.ts";
import { strings } from "./strings.ts";

const words = strings.details;
const kilobits = (bps: number | null): string => (bps === null ? words.none : `${Math.round(bps / 1000)} kb/s`);
const milliseconds = (ms: number | null): string => (ms === null ? words.none : `${Math.round(ms)} ms`);

type Row = readonly [label: string, value: string];

/** A heading and its rows. */
interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

function trackRows(track: TrackReading): Row[] {
  const label = track.kind === "video" ? words.video : words.audio;
  const parts = [track.codec ?? words.none, track.size, kilobits(track.bitrateBps)].filter((part) => part !== null);
  const counts = [`${track.frames} ${words.frames}`];
  if (track.kind === "video") counts.push(`${track.keyframes} ${words.keyframes}`);
  counts.push(`${track.framesDropped} ${words.dropped}`);
  const rows: Row[] = [
    [label, parts.join(" · ")],
    ["", counts.join(" · ")],
  ];
  if (track.delayMs !== null) rows.push([words.delay, milliseconds(track.delayMs)]);
  if (track.skewMs !== null) rows.push([words.skew, milliseconds(track.skewMs)]);
  if (track.playoutDelayMs !== null) rows.push([words.playout, milliseconds(track.playoutDelayMs)]);
  if (track.concealed !== null) rows.push([words.concealed, `${(track.concealed * 100).toFixed(1)} %`]);
  return rows;
}

function sectionsOf(call: Call): Section[] {
  const path = call.path();
  const rows: Row[] = [
    [words.mode, `${strings.modes[call.mode]} · ${strings.states[call.state]}`],
    [words.participant, call.participantId ?? words.none],
  ];
  if (path !== null) {
    rows.push(
      [words.roundTrip, milliseconds(path.roundTripMs)],
      [words.queueing, milliseconds(path.queueingMs)],
      [words.pathBitrate, kilobits(path.pathBitrateBps)],
      [words.sentBitrate, kilobits(path.sentBitrateBps)],
      [words.receivedBitrate, kilobits(path.receivedBitrateBps)],
      [words.lanes, path.lanes.join(", ") || words.none],
    );
  }
  const tracks = call.tracks();
  const sent = tracks.filter(({ direction }) => direction === "sent").flatMap(trackRows);
  const received = call.people.map((person) => ({
    title: words.received(person.name || strings.call.someone),
    rows: tracks
      .filter((track) => track.direction === "received" && track.participantId === person.participantId)
      .flatMap(trackRows),
  }));
  return [{ title: words.path, rows }, { title: words.sent, rows: sent }, ...received];
}

/** The window. */
export class DetailsDialog {
  readonly root: HTMLDialogElement;
  readonly #body = element("div", { class: "details-body" });
  readonly #call: Call;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(call: Call, copied: (text: string) => void) {
    this.#call = call;
    const copy = () => copied(this.#text());
    this.root = element(
      "dialog",
      { class: "sheet", "aria-labelledby": "details-title", onclose: () => clearInterval(this.#timer) },
      element(
        "header",
        {},
        element("h2", { id: "details-title" }, words.title),
        actionButton("close", strings.controls.close, () => this.root.close(), "plain"),
      ),
      element("p", { class: "hint" }, words.hint),
      this.#body,
      element("footer", {}, element("button", { type: "button", class: "small", onclick: copy }, words.copy)),
    );
  }

  open(): void {
    if (this.root.open) return;
    this.#refresh();
    this.#timer = setInterval(() => this.#refresh(), 1_000);
    this.root.showModal();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.root.open) this.root.close();
  }

  #refresh(): void {
    const sections = sectionsOf(this.#call).map(({ title, rows }) =>
      element(
        "section",
        {},
        element("h3", {}, title),
        element("dl", {}, ...rows.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)])),
      ),
    );
    fill(this.#body, ...sections);
  }

  #text(): string {
    return sectionsOf(this.#call)
      .map(({ title, rows }) => [title, ...rows.map(([label, value]) => `  ${label}: ${value}`)].join("\n"))
      .join("\n");
  }
}
