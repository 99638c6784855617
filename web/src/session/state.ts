/**
 * The session's states and what moves it between them, as one table.
 *
 * A session has lanes and a lifetime of its own. It is `connecting` until a lane was welcomed: a client may already
 * send, but nothing has promised that somebody listens. It is `open` while it has lanes. When the last one goes it is
 * `detached`: the application and the SFU leg stay as they are, CONTROL is kept, media is dropped, and a deadline runs.
 * `closed` is final: all that still leaves is one CLOSE per lane.
 *
 * ```
 *                        welcomed                  last lane lost
 *         connecting ───────────────> open <──────────────────────> detached
 *             │                         │          welcomed            │
 *             │ end                     │ end                          │ end
 *             └──────────────────────> closed <───────────────────────┘
 * ```
 *
 * *welcomed*: WELCOME was queued (gateway) or received (client). *end*: CLOSE from either side, a broken protocol, the
 * deadline. Lanes that are lost before they were welcomed leave connecting and detached as they are.
 */

import { LocalProtocolError } from "../base/errors.ts";

/** Where a session is in its life. */
export type State = "connecting" | "open" | "detached" | "closed";

/** What happens to a session. */
export type Input = "welcomed" | "lastLaneLost" | "end";

const TRANSITIONS: Readonly<Record<State, Readonly<Record<Input, State>> | null>> = {
  connecting: { welcomed: "open", lastLaneLost: "connecting", end: "closed" },
  open: { welcomed: "open", lastLaneLost: "detached", end: "closed" },
  detached: { welcomed: "open", lastLaneLost: "detached", end: "closed" },
  closed: null,
};

/** The state after `what` happened in `state`. @throws LocalProtocolError nothing happens to a closed session. */
export function step(state: State, what: Input): State {
  const next = TRANSITIONS[state];
  if (next === null) throw new LocalProtocolError(`${what} in state ${state}`);
  return next[what];
}
