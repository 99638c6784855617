/** The address bar: what it asks for, and what of it may be seen, shared and bookmarked. */

import { type AddressRequest, readAddress } from "./preferences.ts";

/**
 * Read what the address asks for, and take the token out of it: it would be shared with the link. It stays with this
 * entry of the tab's history, so that a reload still has it.
 */
export function takeAddress(): AddressRequest {
  const request = readAddress(location.search);
  const kept = (history.state as { token?: unknown } | null)?.token;
  const token = request.token ?? (typeof kept === "string" ? kept : null);
  const address = new URL(location.href);
  address.searchParams.delete("token");
  history.replaceState({ token }, "", address);
  return { ...request, token };
}

/** Put the room into the address, so that it can be bookmarked. */
export function showRoom(room: string): void {
  const address = new URL(location.href);
  if (address.searchParams.get("room") === room) return;
  address.searchParams.set("room", room);
  history.replaceState(history.state, "", address);
}

/** The address that others can open: the room and nothing personal. */
export function invitationTo(room: string): string {
  const address = new URL("./", document.baseURI);
  address.searchParams.set("room", room);
  return address.href;
}
