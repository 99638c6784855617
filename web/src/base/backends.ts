/** Which implementation of a codec is wanted, and which is at work. */

/** What works: the browser's WebCodecs, or our own WebAssembly builds of openh264 and libopus. */
export type CodecBackend = "webcodecs" | "wasm";

/** What is asked for; `auto` takes for each codec what a trial with one real frame shows to work. */
export type CodecChoice = "auto" | CodecBackend;
