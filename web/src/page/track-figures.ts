/** The call's figures of the moment: the same rows for the drawer's tables and for the text that users copy. */

import type { Room, TrackReading } from "../sdk/index.ts";
import { element } from "./dom.ts";
import { bitrate, codecAndBackend, framesPerSecond, laneNames, milliseconds, percent } from "./figures.ts";
import { strings } from "./strings.ts";
import { rungRows } from "./way-figures.ts";

const words = strings.details;
const SEPARATOR = " · ";

type Row = readonly [label: string, value: string];

/** A heading and what stands under it. */
export interface FigureSection {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly tracks: readonly TrackReading[];
}

/** The path, what we send, and what we get of each person. */
export function figureSections(room: Room): FigureSection[] {
  const path = room.pathReading();
  const rows: Row[] = [
    [words.mode, [strings.modes[room.mode], strings.states[room.state]].join(SEPARATOR)],
    ...rungRows(room.way),
    [words.participant, room.participantId ?? words.none],
  ];
  if (path !== null) {
    rows.push(
      [words.roundTrip, milliseconds(path.roundTripMs)],
      [words.queueing, milliseconds(path.queueingMs)],
      [words.pathBitrate, bitrate(path.pathBitrateBps)],
      [words.sentBitrate, bitrate(path.sentBitrateBps)],
      [words.receivedBitrate, bitrate(path.receivedBitrateBps)],
      [words.lanes, laneNames(path)],
    );
  }
  const tracks = room.trackReadings();
  const sections = [
    { title: words.path, rows, tracks: [] },
    { title: words.sent, rows: [], tracks: tracks.filter(({ direction }) => direction === "sent") },
  ];
  const received = room.participants.map(({ id, name }) => ({
    title: words.received(name || strings.call.someone),
    rows: [],
    tracks: tracks.filter(({ direction, participantId }) => direction === "received" && participantId === id),
  }));
  return [...sections, ...received];
}

/** Everything about one track in one line, but what the table's columns say. */
function more(track: TrackReading): string {
  const parts = [`${track.frames} ${words.frames}`];
  if (track.kind === "video") parts.push(`${track.keyframes} ${words.keyframes}`);
  parts.push(`${track.framesDropped} ${words.dropped}`);
  const add = (label: string, value: number | null, format: (value: number) => string) => {
    if (value !== null) parts.push(words.figure(label, format(value)));
  };
  add(words.delay, track.delayMs, milliseconds);
  add(words.skew, track.skewMs, milliseconds);
  add(words.playout, track.playoutDelayMs, milliseconds);
  add(words.target, track.playoutTargetMs, milliseconds);
  add(words.concealed, track.concealed, percent);
  add(words.freezes, track.freezes, String);
  add(words.codecTime, track.codecTimeMs, (ms) => words.milliseconds(ms.toFixed(1)));
  const { limitation } = track;
  if (limitation !== null && limitation !== "none")
    parts.push(words.figure(words.limitation, words.limitations[limitation]));
  return parts.join(SEPARATOR);
}

function columns(track: TrackReading): readonly [string, string, string, string] {
  const size =
    track.kind === "video"
      ? [track.size ?? words.none, framesPerSecond(track.framesPerSecond)].join(SEPARATOR)
      : words.none;
  return [words.sources[track.source], codecAndBackend(track), size, bitrate(track.bitrateBps)];
}

/** A section as it stands in the drawer. */
export function sectionElement({ title, rows, tracks }: FigureSection): HTMLElement {
  const list =
    rows.length > 0 &&
    element("dl", {}, ...rows.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]));
  const heads = [words.track, words.codec, words.size, words.rate].map((head) => element("th", { scope: "col" }, head));
  const lines = tracks.flatMap((track) => {
    const [first, ...rest] = columns(track);
    return [
      element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell))),
      element("tr", { class: "more-figures" }, element("td", { colspan: heads.length }, more(track))),
    ];
  });
  const table =
    tracks.length > 0 &&
    element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines));
  const nothing = rows.length === 0 && tracks.length === 0 && element("p", { class: "hint" }, words.none);
  return element("section", {}, element("h3", {}, title), list, table, nothing);
}

/** All sections as text. */
export function sectionsText(sections: readonly FigureSection[]): string {
  return sections
    .flatMap(({ title, rows, tracks }) => [
      title,
      ...rows.map(([label, value]) => `  ${label}: ${value}`),
      ...tracks.map((track) => `  ${columns(track).join(SEPARATOR)}${SEPARATOR}${more(track)}`),
    ])
    .join("\n");
}
