/** The doctor as its page uses it. */

export { type Allowed, type AllowlistWords, allowlistText, relayEntries } from "./allowlist.ts";
export { examine, PAGE_CHECKS } from "./examination.ts";
export type { IceServersByCheck } from "./relays.ts";
export { reportOf, sendReport } from "./report.ts";
export { CHECKS, type Check, type Outcome, type Result } from "./result.ts";
export type { Site } from "./site.ts";
export { type Grade, judge, type Verdict, type Way } from "./verdict.ts";
