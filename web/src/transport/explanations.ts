/** What a session's end means, in words for the person in front of the page, and whether another session may help. */

import { CloseCode } from "../base/errors.ts";

const SENTENCES: Readonly<Record<number, string>> = {
  [CloseCode.LEFT]: "The call has ended.",
  [CloseCode.MALFORMED]:
    "The page and the server do not understand each other. Reload the page to get its latest version.",
  [CloseCode.UNAUTHORIZED]:
    "The server refused your token: it is missing, expired or not for this server. Ask for a new invitation.",
  [CloseCode.FORBIDDEN]: "Your token does not let you into this room, or this page may not use this server.",
  [CloseCode.SESSION_UNKNOWN]: "The server no longer knows this call. Join again.",
  [CloseCode.TIMEOUT]: "The server cannot be reached. Check your network and join again.",
  [CloseCode.KEY_MISMATCH]: "The server has given this call to somebody else. Join again.",
  [CloseCode.TOO_LARGE]: "The page sent more at once than the server takes. Lower the picture's size and join again.",
  [CloseCode.VERSION_UNSUPPORTED]: "The server speaks another version. Reload the page to get its latest version.",
  [CloseCode.RATE_LIMITED]: "The page sent more than the server allows. Lower the quality and join again.",
  [CloseCode.INTERNAL_ERROR]: "Something went wrong in the server. Join again.",
  [CloseCode.SFU_FAILED]: "The server cannot reach the conference room behind it. Try again later.",
  [CloseCode.OVERLOADED]: "The server is full or being restarted. Try again in a while.",
};

/** Ends that a new session may get over without asking anybody. */
const RESTARTABLE: ReadonlySet<number> = new Set([
  CloseCode.SESSION_UNKNOWN,
  CloseCode.TIMEOUT,
  CloseCode.KEY_MISMATCH,
  CloseCode.INTERNAL_ERROR,
  CloseCode.OVERLOADED,
]);

/** A sentence for the user; `detail` is the far end's own, appended when there is one. */
export function explain(code: number, detail: string): string {
  const sentence = SENTENCES[code] ?? "The server ended the call.";
  return detail === "" ? sentence : `${sentence} (${detail})`;
}

/** Whether to start a new session after this end instead of telling the user. */
export const mayRestart = (code: number): boolean => RESTARTABLE.has(code);
