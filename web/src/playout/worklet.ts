/** The audio thread's end of one audio track: from a frame port, or from the decode worker, to the sound card. */

import { OpusDecoder } from "../codecs/opus-decoder.ts";
import type { PlayoutAnswer, PlayoutCommand } from "./messages.ts";
import { Player } from "./player.ts";
import { OpusSoundDecoder } from "./sound-decoder.ts";

class PlayoutProcessor extends AudioWorkletProcessor implements AudioWorkletProcessorImpl {
  #player: Player | null = null;
  #alive = true;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<PlayoutCommand>) => this.#obey(event.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (output !== undefined) this.#player?.pull(output, currentTime);
    return this.#alive;
  }

  #obey(command: PlayoutCommand): void {
    switch (command.type) {
      case "playPcm":
        this.#player = Player.ofPcm(command.sound, () => currentTime);
        break;
      case "playOpus": {
        const { sound, frames } = command;
        try {
          const decoder = new OpusSoundDecoder(OpusDecoder.create(command.module));
          this.#player = Player.ofOpus(sound, frames, decoder, () => currentTime, Date.now);
          this.#answer({ type: "playing" });
        } catch (error) {
          this.#answer({ type: "refused", detail: String(error), sound, frames }, [sound, frames]);
        }
        break;
      }
      case "end":
        this.#alive = false;
        this.#player?.close();
        this.#player = null;
        break;
    }
  }

  #answer(answer: PlayoutAnswer, transfer: Transferable[] = []): void {
    this.port.postMessage(answer, transfer);
  }
}

registerProcessor("wsmedia-playout", PlayoutProcessor);
