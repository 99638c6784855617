/** What a session tells its owner; `Session.eventsReceived` hands these out in order. */

import type { EncodedFrame } from "../base/media.ts";
import type { ControlMessage } from "../wire/control.ts";

export type SessionEvent =
  /**
   * The first lane is up: WELCOME was queued (gateway) or received (client). Comes once. `resumed` is true on a client
   * whose first WELCOME was lost on the way.
   */
  | { readonly type: "established"; readonly resumed: boolean }
  /** A CONTROL for the application, in order and once. `keyframe_request` and unknown types do not come here. */
  | { readonly type: "controlReceived"; readonly message: ControlMessage }
  /** A frame of an announced track; video is decodable if everything delivered before it was decoded. */
  | { readonly type: "frameReceived"; readonly trackId: number; readonly frame: EncodedFrame }
  /** The encoder of our outgoing track should make a keyframe now: the far end asked, or we dropped frames. */
  | { readonly type: "keyframeNeeded"; readonly trackId: number }
  /** What the path can carry moved noticeably; all outgoing tracks together should stay below it. */
  | { readonly type: "pathEstimateChanged"; readonly bitrateBps: number }
  /**
   * The engine gave up on a lane (idle too long, replaced by a resume): its owner closes the carrier. Not sent for
   * lanes that their owner reported lost, nor when the session closes.
   */
  | { readonly type: "laneLost"; readonly laneId: number }
  /** No lane is left; the resume window runs. A client opens a new lane, a gateway waits. */
  | { readonly type: "allLanesLost" }
  /** A new lane is up after `allLanesLost`; unacknowledged CONTROL goes out again by itself. */
  | { readonly type: "resumed" }
  /** Client: so many lanes should be open from now on (`Session.lanesWanted`). */
  | { readonly type: "lanesWantedChanged"; readonly count: number }
  /**
   * The session is over; the last event. `nextMessage` may still give a CLOSE for each lane. `code` is a `CloseCode`
   * or, from a newer peer, another number of 4000 … 4999; `detail` is a sentence for people.
   */
  | {
      readonly type: "closed";
      readonly code: number;
      readonly reason: string;
      readonly byRemote: boolean;
      readonly detail: string;
    };
