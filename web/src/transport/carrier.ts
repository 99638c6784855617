/** What a lane's carrier is to its slot and to the pump, whatever kind it is of. */

import type { PumpLane } from "./pump.ts";

/** What a carrier tells its owner. Nothing comes after `lost` or after the owner's `close`. */
export interface LaneEvents {
  /** The carrier is up: HELLO may follow. */
  opened(): void;
  /** One whole message; null for a text message, which no lane may carry. */
  received(message: Uint8Array<ArrayBuffer> | null): void;
  /** After a `write` that returned false: another message may come. */
  writable(): void;
  /** The carrier is gone. `code` is the WebSocket close code, 1006 if there was none; `opened` whether it ever was up. */
  lost(code: number, reason: string, opened: boolean): void;
}

/** One carrier. It opens by itself. */
export interface Carrier extends PumpLane {
  /** As in HELLO; -1 before. */
  laneId: number;
  /** A POST there ends the session as CLOSE does, for a window whose workers die before they can say it; null if nothing is needed. */
  readonly farewell: string | null;
}

/** Codes below are for the carrier itself; a page may send only 1000 and these. */
const FIRST_PRIVATE_CODE = 3000;

/** The close code that a page may say: 1001 and the like become 1000. */
export const sayable = (code: number): number => (code < FIRST_PRIVATE_CODE ? 1000 : code);
