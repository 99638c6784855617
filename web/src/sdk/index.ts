/** What `import … from "…/sdk/wsmedia.js"` gives. */

export type { CaptureProblem } from "../capture/capture-problem.ts";
export {
  type CameraQuality,
  type CaptureChoice,
  type DeviceList,
  LocalMedia,
  type SoundProcessing,
} from "../capture/local-media.ts";
export { type ScreenOptions, type ScreenProblem, ScreenShare } from "../capture/screen-share.ts";
export { canChooseSpeaker } from "../playout/speaker.ts";
export { loudness, POLICIES } from "../room/vocabulary.ts";
export type * from "./api.ts";
export { ConnectError, connect, open } from "./connect.ts";
export { isRoomName } from "./options.ts";
export { type FollowedMedia, type PublishingRoom, publishDevices } from "./publish-devices.ts";
export { type MissingFeature, missing, supports } from "./support.ts";
