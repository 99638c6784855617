/** What a session accepts and how long it waits. */

import { type Seconds, seconds } from "../base/time.ts";

/** Bounds on what the far end sends, and timers. A client takes the timers from WELCOME. */
export interface SessionLimits {
  /** Largest tunnel message, octets. */
  readonly maxMessageBytes: number;
  /** Largest payload of VIDEO or AUDIO, octets. */
  readonly maxFrameBytes: number;
  /** Tracks that a client may publish at once; a gateway's bound. */
  readonly maxTracks: number;
  /** Lanes at once; a gateway's bound. */
  readonly maxLanes: number;
  /** How long a session without lanes stays. */
  readonly resumeWindow: Seconds;
  /** How long a lane may be silent before it is lost. */
  readonly idleTimeout: Seconds;
}

/** Until WELCOME says otherwise. */
export const DEFAULT_LIMITS: SessionLimits = {
  maxMessageBytes: 1_048_576,
  maxFrameBytes: 1_000_000,
  maxTracks: 8,
  maxLanes: 32,
  resumeWindow: seconds(30),
  idleTimeout: seconds(15),
};
