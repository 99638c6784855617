/** The way in: makes rooms, and waits for them. */

import { systemClock } from "../base/clock.ts";
import { WsmediaError } from "../base/errors.ts";
import type { RoomEnd } from "../room/vocabulary.ts";
import type { ConnectOptions, Room } from "./api.ts";
import { LiveRoom } from "./live-room.ts";
import { settingsOf } from "./options.ts";

/** How long a page that is being closed lives on, for the worker that keeps the connection to say goodbye, s. */
const FAREWELL_S = 0.06;

/** The room could not be entered. */
export class ConnectError extends WsmediaError {
  override readonly name = "ConnectError";
  readonly end: RoomEnd;
  /** A sentence for the user; may be empty. */
  readonly explanation: string;

  constructor(end: RoomEnd, explanation: string) {
    super(explanation === "" ? `The room could not be entered: ${end}.` : explanation);
    this.end = end;
    this.explanation = explanation;
  }
}

/**
 * Begin to enter a room; for pages that show how it goes. The room is `connecting` at first.
 *
 * @throws TypeError when an option cannot be used.
 */
export function open(options: ConnectOptions): Room {
  const settings = settingsOf(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const room = new LiveRoom(settings);
  const over = new AbortController();
  signal?.addEventListener("abort", () => room.leave(), { signal: over.signal });
  // The worker dies with the page: without a moment more, others would look at a still picture until the room gives us up.
  const farewell = (): void => {
    room.leave();
    const until = systemClock.monotonic() + FAREWELL_S;
    while (systemClock.monotonic() < until);
  };
  window.addEventListener("pagehide", farewell, { signal: over.signal });
  room.addEventListener("ended", () => over.abort());
  return room;
}

/**
 * Enter a room.
 *
 * @returns the room once we are in it.
 * @throws ConnectError when it cannot be entered, TypeError when an option cannot be used, the signal's reason if it is aborted.
 */
export async function connect(options: ConnectOptions): Promise<Room> {
  const room = open(options);
  await new Promise<void>((resolve, reject) => {
    room.addEventListener("statechange", ({ state }) => {
      if (state === "connected") resolve();
    });
    room.addEventListener("ended", ({ end, explanation }) => {
      reject(options.signal?.aborted ? options.signal.reason : new ConnectError(end, explanation));
    });
  });
  return room;
}
