/** The two errors of our WebAssembly codecs. */

import { WsmediaError } from "../base/errors.ts";

/** A codec refuses what it was given: a size or rate out of range, or data that cannot be decoded. */
export class CodecError extends WsmediaError {
  override readonly name = "CodecError";
}

/** There is no such codec here: the module cannot be loaded, or this browser cannot run it (WebAssembly with SIMD). */
export class CodecUnavailable extends WsmediaError {
  override readonly name = "CodecUnavailable";
}
