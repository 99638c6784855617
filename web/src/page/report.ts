/**
 * The report that a user passes on when something is wrong: versions, browser, settings, figures, what happened. It says
 * nothing of who was where: no names, no room, no token, no device labels, no ids that a server gave out.
 */

import type { PathReading, RoomMode, RoomState, TrackReading } from "../sdk/index.ts";
import type { EventLog, LoggedEvent } from "./event-log.ts";
import type { Sample } from "./history.ts";
import type { Preferences } from "./preferences.ts";

/** Grows with the report's form. */
export const REPORT_VERSION = 1;

/** What a report is made of. */
export interface ReportSources {
  /** Of the page, and of the server if it told. */
  readonly versions: Readonly<Record<string, string | null>>;
  readonly browser: BrowserFacts;
  readonly preferences: Preferences;
  readonly mode: RoomMode;
  readonly state: RoomState;
  readonly ownId: string | null;
  readonly tracks: readonly TrackReading[];
  readonly path: PathReading | null;
  readonly samples: readonly Sample[];
  readonly log: EventLog;
}

/** What kind of browser this is. */
export interface BrowserFacts {
  readonly userAgent: string;
  readonly language: string;
  readonly cores: number | null;
  readonly viewport: string;
  readonly pixelRatio: number;
  readonly apis: Readonly<Record<string, boolean>>;
}

/** What is written to the file. */
export interface Report {
  readonly report: typeof REPORT_VERSION;
  readonly madeAt: string;
  readonly versions: ReportSources["versions"];
  readonly browser: BrowserFacts;
  readonly settings: Readonly<Record<string, string | boolean>>;
  readonly call: { readonly mode: RoomMode; readonly state: RoomState };
  readonly path: PathReading | null;
  readonly tracks: readonly Readonly<Record<string, unknown>>[];
  readonly samples: readonly Sample[];
  readonly events: readonly LoggedEvent[];
}

/** Gather a report. @param now when it is made. */
export function reportOf(sources: ReportSources, now: Date): Report {
  const { log, ownId, mode, state } = sources;
  return {
    report: REPORT_VERSION,
    madeAt: now.toISOString(),
    versions: sources.versions,
    browser: sources.browser,
    settings: settingsOf(sources.preferences),
    call: { mode, state },
    path: sources.path,
    tracks: sources.tracks.map((track) =>
      trackOf(track, track.participantId === ownId ? "self" : log.alias(track.participantId)),
    ),
    samples: sources.samples,
    events: log.events,
  };
}

/** What this browser is and has. */
export function browserFacts(): BrowserFacts {
  const apis = [
    "VideoEncoder",
    "VideoDecoder",
    "AudioEncoder",
    "AudioDecoder",
    "MediaStreamTrackProcessor",
    "OffscreenCanvas",
    "AudioWorkletNode",
    "WebAssembly",
    "RTCPeerConnection",
    "SharedArrayBuffer",
  ];
  return {
    userAgent: navigator.userAgent,
    language: navigator.language,
    cores: navigator.hardwareConcurrency ?? null,
    viewport: `${innerWidth}×${innerHeight}`,
    pixelRatio: devicePixelRatio,
    apis: Object.fromEntries(apis.map((name) => [name, name in globalThis])),
  };
}

/** Which was chosen, and whether a device was; not which device. */
function settingsOf(preferences: Preferences): Record<string, string | boolean> {
  const { mode, codecs, quality, cameraOn, microphoneOn, cameraId, microphoneId, speakerId } = preferences;
  const { echoCancellation, noiseSuppression, autoGainControl } = preferences;
  return {
    mode,
    codecs,
    quality,
    cameraOn,
    microphoneOn,
    echoCancellation,
    noiseSuppression,
    autoGainControl,
    cameraChosen: cameraId !== "",
    microphoneChosen: microphoneId !== "",
    speakerChosen: speakerId !== "",
  };
}

function trackOf(track: TrackReading, participant: string): Record<string, unknown> {
  const { trackId: _, participantId: __, ...figures } = track;
  return { participant, ...figures };
}
