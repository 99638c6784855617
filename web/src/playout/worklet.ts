/** The audio thread's end of one audio track: from a frame port, or from the decode worker, to the sound card. */

import { OpusDecoder } from "../codecs/opus-decoder.ts";
import type { PlayoutAnswer, PlayoutCommand } from "./messages.ts";
import { Player } from "./player.ts";
import { OpusSoundDecoder } from "./sound-decoder.ts";

const now = (): number => currentTime;

class PlayoutProcessor extends AudioWorkletProcessor implements AudioWorkletProcessorImpl {
  #opus: OpusDecoder | null = null;
  #player: Player | null = null;
  #alive = true;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<PlayoutCommand>) => this.#obey(event.data);
    // Nothing but a module can be what this thread is not able to read.
    this.port.onmessageerror = () => this.#answer({ type: "refused", detail: "modules cannot be sent here" });
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (output !== undefined) this.#player?.pull(output, currentTime);
    return this.#alive;
  }

  #obey(command: PlayoutCommand): void {
    switch (command.type) {
      case "load":
        try {
          this.#opus = OpusDecoder.create(command.module);
          this.#answer({ type: "loaded" });
        } catch (error) {
          this.#answer({ type: "refused", detail: String(error) });
        }
        break;
      case "playOpus":
        if (this.#opus === null) return;
        this.#player = Player.ofOpus(command.sound, command.frames, new OpusSoundDecoder(this.#opus), now, Date.now);
        break;
      case "playPcm":
        this.#player = Player.ofPcm(command.sound, now);
        break;
      case "end":
        this.#alive = false;
        this.#player?.close();
        this.#player = null;
        break;
    }
  }

  #answer(answer: PlayoutAnswer): void {
    this.port.postMessage(answer);
  }
}

registerProcessor("wsmedia-playout", PlayoutProcessor);
