/** Whether calls are possible in this browser at this address, before anything is tried, in words for the user. */

import type { CodecChoice, ModeChoice } from "../sdk/index.ts";
import type { Sdk } from "./sdk.ts";
import { type Explanation, strings } from "./strings.ts";

/** Why no such call is possible; null if one is. */
export function impossible(sdk: Pick<Sdk, "missing">, mode: ModeChoice, codecs: CodecChoice): Explanation | null {
  const words = strings.browser;
  const missing = sdk.missing(mode === "auto" ? "tunnel" : mode, codecs);
  if (missing === null) return null;
  if (missing === "secure context") return words.insecure;
  // Without the tunnel there is one rung less, and where WebRTC gets through nobody notices.
  if (mode === "auto" && sdk.missing("native", codecs) === null) return null;
  if (mode === "native") return words.unsupported(missing);
  if (codecs !== "auto" && sdk.missing("tunnel", "auto") === null) return words.unsupportedCodecs(missing);
  return sdk.missing("native", codecs) === null ? words.unsupportedTunnel(missing) : words.unsupported(missing);
}
