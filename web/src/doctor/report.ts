/** The report that a user may send to the gateway: findings and figures, and nothing of who or where. */

import type { Result } from "./result.ts";
import { ask, type Site } from "./site.ts";
import type { Verdict } from "./verdict.ts";

/** As `wsmedia/findings/report.py` reads it. */
export function reportOf(version: string, system: string, results: readonly Result[], verdict: Verdict) {
  return {
    report: 1,
    client: `page ${version}`,
    system: system.slice(0, 400),
    grade: verdict.grade,
    way: verdict.way,
    results,
  };
}

/** @returns whether the gateway has taken it. */
export async function sendReport(site: Site, report: ReturnType<typeof reportOf>): Promise<boolean> {
  const headers = { "Content-Type": "application/json" };
  return ask(site, "v1/reports", { method: "POST", headers, body: JSON.stringify(report) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
