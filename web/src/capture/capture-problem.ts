/** Why a camera or microphone cannot be had, in few kinds that the page has words for. */

/** What went wrong. */
export type CaptureProblem =
  /** The page is not in a secure context: browsers hide devices from it. */
  | "insecure"
  /** There is no such device, or the chosen one is gone. */
  | "missing"
  /** The user or the system does not allow it. */
  | "denied"
  /** Another program holds it, or the system cannot start it. */
  | "busy"
  /** It was unplugged or switched off while in use. */
  | "lost";

/** Translate what `getUserMedia` threw (W3C Media Capture §10.2). */
export function captureProblemOf(error: unknown): CaptureProblem {
  if (typeof navigator !== "undefined" && navigator.mediaDevices === undefined) return "insecure";
  switch ((error as DOMException | undefined)?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}
