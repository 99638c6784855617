/** The way from the call page to the network check, which opens beside it. */

/** Where the token is handed over: in the new tab's own storage, which begins as a copy of ours; never in an address. */
export const CHECK_TOKEN_KEY = "wsmedia.check.token";

/** Open the check; call it in the handler of a click. */
export function openNetworkCheck(): void {
  const { token } = (history.state ?? {}) as { token?: unknown };
  if (typeof token === "string") sessionStorage.setItem(CHECK_TOKEN_KEY, token);
  window.open(new URL("./check", document.baseURI), "_blank");
  sessionStorage.removeItem(CHECK_TOKEN_KEY);
}
