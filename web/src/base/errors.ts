/** Errors that say who is to blame, and why a session ended. Nothing here imports another floor. */

/** Why a session ended (PROTOCOL.md §3.7); also used as WebSocket close code (RFC 6455 §7.4.2, 4000–4999). */
export const CloseCode = {
  LEFT: 4000,
  MALFORMED: 4400,
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  SESSION_UNKNOWN: 4404,
  TIMEOUT: 4408,
  KEY_MISMATCH: 4409,
  TOO_LARGE: 4413,
  VERSION_UNSUPPORTED: 4426,
  RATE_LIMITED: 4429,
  INTERNAL_ERROR: 4500,
  SFU_FAILED: 4502,
  OVERLOADED: 4503,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

const REASONS = new Map<number, string>(Object.entries(CloseCode).map(([name, code]) => [code, name.toLowerCase()]));

/** The machine-readable word that travels beside a code, as `too_large`; null for codes that this version does not know. */
export const reasonOf = (code: number): string | null => REASONS.get(code) ?? null;

/** Whether this version of the protocol knows the close code. */
export const isCloseCode = (code: number): code is CloseCode => REASONS.has(code);

/** Base of all errors that wsmedia throws on purpose. */
export class WsmediaError extends Error {
  override readonly name: string = "WsmediaError";
}

/** Our own side asked the protocol for something that it forbids: a bug in the caller. */
export class LocalProtocolError extends WsmediaError {
  override readonly name = "LocalProtocolError";
}

/** The far end of the tunnel broke the protocol; `code` is what the session closes with. */
export class RemoteProtocolError extends WsmediaError {
  override readonly name = "RemoteProtocolError";
  readonly code: CloseCode;

  constructor(message: string, code: CloseCode = CloseCode.MALFORMED) {
    super(message);
    this.code = code;
  }
}
