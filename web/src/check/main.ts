/** The check page's entry point: reads the address, asks the gateway what can be checked, shows the page. */

import { PAGE_CHECKS, type Site } from "../doctor/index.ts";
import { takeAddress } from "../page/address.ts";
import { CHECK_TOKEN_KEY } from "../page/network-check.ts";
import { CheckPage } from "./check-page.ts";

const SILENCE_S = 33;
const LONGEST_SILENCE_S = 600;

const url = new URL("./", document.baseURI).href;
const root = document.getElementById("app");

/** The token of the address, or that of the call page that has opened this one. */
function takeToken(): string | null {
  const { token } = takeAddress();
  const handed = sessionStorage.getItem(CHECK_TOKEN_KEY);
  return token ?? (handed === "" ? null : handed);
}

/** `?silence=` how long silent connections are watched; `?checks=` only these, separated by commas. */
function readOptions(): Pick<Site, "silenceS" | "checks"> {
  const query = new URLSearchParams(location.search);
  const silence = Math.round(Number(query.get("silence")));
  const only = query.get("checks")?.split(",") ?? [];
  const checks = PAGE_CHECKS.filter((check) => only.length === 0 || only.includes(check));
  return {
    silenceS: silence >= 1 && silence <= LONGEST_SILENCE_S ? silence : SILENCE_S,
    checks: checks.length === 0 ? PAGE_CHECKS : checks,
  };
}

async function begin(into: HTMLElement): Promise<void> {
  const info: unknown = await fetch(new URL("v1/check", url), { cache: "no-store" })
    .then((answer) => answer.json())
    .catch(() => null);
  const { reports, media } = (info ?? {}) as { reports?: unknown; media?: unknown };
  const site: Site = { url, token: takeToken(), ...readOptions() };
  const page = new CheckPage({ site, reports: reports === true, native: media !== false });
  into.replaceChildren(page.root);
}

if (root !== null) void begin(root);
