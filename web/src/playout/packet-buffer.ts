/**
 * Packets that wait for their turn, in the order of their media time. Bounded: when what waits lasts longer than 2.7 s, the
 * oldest goes. Used by the jitter buffer.
 */

/** 2.7 s of 48 kHz. */
export const CAPACITY_SAMPLES = 131_072;
/** For sources that send very short packets. */
const MOST_PACKETS = 1_200;

/** One packet. */
export interface WaitingPacket<Payload> {
  readonly payload: Payload;
  /** Media time of its first sample, in samples from any origin. */
  readonly index: number;
  readonly samples: number;
  readonly captureTimeUs: number;
}

/** One source's packets. */
export class PacketBuffer<Payload> {
  #packets: WaitingPacket<Payload>[] = [];

  /** The packet whose turn is next. */
  get first(): WaitingPacket<Payload> | undefined {
    return this.#packets[0];
  }

  /** Media time of the end of the last packet; null when none waits. */
  get end(): number | null {
    const last = this.#packets.at(-1);
    return last === undefined ? null : last.index + last.samples;
  }

  /** Put a packet in its place; one that is there already is ignored. @returns samples that had to go for it. */
  insert(packet: WaitingPacket<Payload>): number {
    let place = this.#packets.length;
    while (place > 0 && (this.#packets[place - 1]?.index ?? 0) > packet.index) place -= 1;
    if (this.#packets[place - 1]?.index === packet.index) return 0;
    this.#packets.splice(place, 0, packet);
    let dropped = 0;
    while (this.#spanSamples > CAPACITY_SAMPLES || this.#packets.length > MOST_PACKETS)
      dropped += this.take()?.samples ?? 0;
    return dropped;
  }

  /** Take out the first packet. */
  take(): WaitingPacket<Payload> | undefined {
    return this.#packets.shift();
  }

  clear(): void {
    this.#packets = [];
  }

  get #spanSamples(): number {
    return this.end === null ? 0 : this.end - (this.first?.index ?? 0);
  }
}
