/** What the page needs of the SDK, in one place: `main.ts` gives it the real one, the gallery of states an imagined one. */

import type {
  CaptureChoice,
  CodecChoice,
  ConnectOptions,
  LocalMedia,
  MissingFeature,
  Room,
  RoomMode,
} from "../sdk/index.ts";

/** The SDK as the page uses it. */
export interface Sdk {
  open(options: ConnectOptions): Room;
  openMedia(choice: CaptureChoice): LocalMedia;
  /** The first thing that this browser lacks for such a call; null for nothing. */
  missing(mode: RoomMode, codecs: CodecChoice): MissingFeature | null;
}
