/** H.264 by our own WebAssembly build of openh264. */

import type { EncoderEvents, PictureEncoder, VideoSetting } from "./picture-encoder.ts";

/** @throws Error */
export async function openWasmEncoder(_setting: VideoSetting, _events: EncoderEvents): Promise<PictureEncoder> {
  throw new Error("not built");
}
