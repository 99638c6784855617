/** The audio thread's end of a microphone: blocks go straight to the encode worker. Its output is silent; it has one so that every browser runs it. */

import type { SoundReaderMessage } from "../base/sound-port.ts";
import { BlockCutter } from "./block-cutter.ts";

class CaptureProcessor extends AudioWorkletProcessor implements AudioWorkletProcessorImpl {
  #reader: MessagePort | null = null;
  #alive = true;
  readonly #cutter = new BlockCutter(sampleRate, (block) => this.#reader?.postMessage(block, [block.samples.buffer]));

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<{ reader: MessagePort }>) => this.#serve(event.data.reader);
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0] ?? null;
    const length = input?.length ?? outputs[0]?.[0]?.length ?? 0;
    if (this.#alive && this.#reader !== null) this.#cutter.hear(input, length, currentFrame);
    return this.#alive;
  }

  #serve(reader: MessagePort): void {
    this.#reader = reader;
    reader.onmessage = (event: MessageEvent<SoundReaderMessage>) => {
      if (event.data.type === "taken") {
        this.#cutter.taken();
        return;
      }
      this.#alive = false;
      reader.close();
      this.port.postMessage("stopped");
    };
  }
}

registerProcessor("wsmedia-capture", CaptureProcessor);
