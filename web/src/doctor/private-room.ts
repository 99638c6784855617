/** A room of the check's own, as the gateway gives them out: picture and sound are tried there among ourselves. */

import { ask, type Site } from "./site.ts";

export interface PrivateRoom {
  readonly room: string;
  /** Opens it for a minute; null where no token is needed. */
  readonly token: string | null;
}

const FINDINGS = new Map([
  [401, "needs-token"],
  [404, "other-sfu"],
  [429, "busy"],
]);

/** A new room; or why there is none, as the finding of a result. */
export async function privateRoom(site: Site): Promise<PrivateRoom | string> {
  try {
    const headers = site.token === null ? {} : { Authorization: `Bearer ${site.token}` };
    const answer = await ask(site, "v1/check/room", { method: "POST", headers });
    if (!answer.ok) return FINDINGS.get(answer.status) ?? "no-answer";
    const { room, token } = (await answer.json()) as { room?: unknown; token?: unknown };
    return typeof room === "string" ? { room, token: typeof token === "string" ? token : null } : "no-answer";
  } catch {
    return "no-answer";
  }
}
