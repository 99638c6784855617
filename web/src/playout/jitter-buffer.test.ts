import { describe, expect, it } from "vitest";
import { PcmSoundDecoder } from "./sound-decoder.ts";
import { Bench, BLOCK, CAPTURE_US, PACKET } from "./testing/bench.ts";
import { chord, largestStep, noise, pitchOf, roughness, type Sound, tone, voice } from "./testing/sounds.ts";

type Delay = (packet: number) => number | null;

const packetOf = (sound: Sound) => (packet: number) =>
  Float32Array.from({ length: PACKET }, (_, i) => sound(packet * PACKET + i));

function bench(delayMs: Delay, sound: Sound = tone(500), driftPpm = 0): Bench<Float32Array> {
  return new Bench(new PcmSoundDecoder(), { payload: packetOf(sound), delayMs, driftPpm });
}

/** Arrives 30 ms after its capture, but what is sent in the 700 ms from 10 s on waits for their end. */
const stalled: Delay = (packet) => (packet >= 500 && packet < 535 ? 30 + (535 - packet) * 20 : 30);
/** As TCP delivers: nothing overtakes. */
function inOrder(delayMs: (packet: number) => number): Delay {
  const arrivals: number[] = [];
  return (packet) => {
    for (let i = arrivals.length; i <= packet; i += 1) {
      arrivals.push(Math.max(arrivals.at(-1) ?? 0, i * 20 + delayMs(i)));
    }
    return (arrivals[packet] ?? 0) - packet * 20;
  };
}

/** The network goes on at this moment, s. */
const STALL_END = 10.73;

/** Of a 500 Hz tone of amplitude 0.5 between neighbouring samples. */
const TONE_STEP = 0.5 * ((2 * Math.PI * 500) / 48_000);

describe("JitterBuffer on an even path", () => {
  it("plays without a click, with little delay", () => {
    const call = bench(() => 30);
    call.run(20);
    const { concealedSamples, lateSamples, skippedSamples } = call.buffer.statistics;
    expect([concealedSamples, lateSamples, skippedSamples]).toEqual([0, 0, 0]);
    expect(largestStep(call.heard(0.2, 20))).toBeLessThan(TONE_STEP * 1.2);
    expect(call.latencyAt(19.9)).toBeLessThan(30 + 40);
    expect(call.latencyAt(19.9)).toBeGreaterThan(30 + 10);
  });

  it("gives back what was said, sample by sample, once the delay has settled", () => {
    const call = bench(() => 30, voice);
    call.run(12);
    const latency = call.latencyAt(11);
    const sample = Math.round((11 - latency / 1000) * 48_000);
    const shift = call.heard(11, 11.02).map((_, i) => voice(sample + i));
    const error = call.heard(11, 11.02).map((value, i) => Math.abs(value - (shift[i] ?? 0)));
    expect(Math.max(...error)).toBeLessThan(0.02);
  });

  it.each([200, -200])("follows a sender's clock that is %d ppm wrong", (ppm) => {
    const call = bench(() => 30, tone(500), ppm);
    call.run(20);
    const before = call.buffer.statistics;
    call.run(100);
    const after = call.buffer.statistics;
    expect([after.concealedSamples, after.skippedSamples]).toEqual([0, 0]);
    const removed = after.removedSamples - before.removedSamples;
    const inserted = after.insertedSamples - before.insertedSamples;
    // 200 ppm of 100 s are 20 ms.
    expect(ppm > 0 ? removed - inserted : inserted - removed).toBeGreaterThan(10 * 48);
    expect(largestStep(call.heard(0.2, 120))).toBeLessThan(TONE_STEP * 1.2);
    expect(after.delayMs).toBeLessThan(40);
    expect(pitchOf(call.heard(60, 120))).toBeCloseTo(500, 0);
  });
});

describe("JitterBuffer on an uneven path", () => {
  it("learns the jitter: after a while hardly anything is missing", () => {
    const call = bench((packet) => 30 + ((packet * 7919) % 100));
    call.run(20);
    const before = call.buffer.statistics.concealedSamples;
    call.run(20);
    expect((call.buffer.statistics.concealedSamples - before) / (20 * 48_000)).toBeLessThan(0.04);
    expect(call.latencyAt(39.9)).toBeLessThan(30 + 130);
  });

  it("plays slower instead of leaving holes when the jitter grows", () => {
    const call = bench((packet) => 30 + (packet < 500 ? 0 : Math.min(1, (packet - 500) / 1_500) * 60 * (packet % 4)));
    call.run(10);
    const before = call.buffer.statistics;
    call.run(40);
    const after = call.buffer.statistics;
    expect(after.targetMs).toBeGreaterThan(before.targetMs + 50);
    expect(after.insertedSamples - before.insertedSamples).toBeGreaterThan(40 * 48);
    expect(largestStep(call.heard(40, 50))).toBeLessThan(TONE_STEP * 1.5);
    expect(pitchOf(call.heard(40, 50))).toBeCloseTo(500, 0);
  });

  it("plays packets in their order, whatever order they come in", () => {
    const call = bench((packet) => (packet % 5 === 0 ? 60 : 30));
    call.run(20);
    const before = call.buffer.statistics;
    call.run(10);
    expect(call.buffer.statistics.concealedSamples).toBe(before.concealedSamples);
    expect(largestStep(call.heard(20, 30))).toBeLessThan(TONE_STEP * 1.2);
  });

  it("goes on with a longer delay when the path has become longer for good", () => {
    const call = bench((packet) => (packet < 500 ? 30 : 480));
    call.run(15);
    const before = call.buffer.statistics;
    call.run(5);
    expect(call.buffer.statistics.concealedSamples - before.concealedSamples).toBeLessThan(0.02 * 5 * 48_000);
    expect(call.latencyAt(19.9)).toBeLessThan(480 + 80);
  });

  it("does not run dry by catching up with a sender whose clock stands still now and then", () => {
    // Every second sound stands still for 100 ms and goes on where it was: later and later, and nothing to leave out.
    const call = bench((packet) => 30 + Math.floor(packet / 50) * 100);
    call.run(11);
    const { removedSamples, concealedSamples } = call.buffer.statistics;
    expect(removedSamples).toBeLessThan(0.15 * 11 * 48_000);
    // 100 ms in 1.1 s cannot be helped.
    expect(concealedSamples).toBeLessThan(1.3 * 48_000);
  });

  it("comes back to a small delay after the path was slow for a while", () => {
    const call = bench((packet) => (packet > 250 && packet < 350 ? 400 : 30));
    call.run(30);
    expect(call.latencyAt(29.9)).toBeLessThan(30 + 60);
  });
});

describe("JitterBuffer after a stall of 700 ms", () => {
  it.each([
    ["a tone", tone(440)],
    ["a low tone", tone(97)],
    ["a chord", chord],
    ["a voice", voice],
    ["noise", noise],
  ] as const)("plays %s with less than 1.2 times the former delay within 2 s", (_, sound) => {
    const call = bench(stalled, sound);
    call.run(STALL_END + 2);
    const former = call.buffer.statistics.targetMs;
    expect(call.latencyAt(STALL_END + 0.05)).toBeGreaterThan(550);
    const delay = call.latencyAt(STALL_END + 1.98);
    expect(delay).toBeLessThan(1.2 * call.latencyAt(9.9));
    expect(delay - 30).toBeGreaterThan(former - 10);
    const { removedSamples, skippedSamples } = call.buffer.statistics;
    // Most of what was held up is heard, only faster.
    expect(removedSamples).toBeGreaterThan(500 * 48);
    expect(skippedSamples).toBeLessThan(150 * 48);
  });

  it("holds sound back for less than 1.2 times as long as before within 2 s, on a path with jitter", () => {
    for (const sound of [tone(440), chord, voice, noise]) {
      const call = bench(
        inOrder((packet) => (stalled(packet) ?? 0) + ((packet * 7) % 30)),
        sound,
      );
      call.run(9.9);
      const former = call.buffer.statistics.delayMs;
      expect(former).toBeGreaterThan(30);
      call.run(STALL_END + 2 - 9.9);
      expect(call.buffer.statistics.delayMs).toBeLessThan(1.2 * former);
    }
  });

  it.each([440, 97, 523.25, 1_000])("does not change the pitch of %d Hz while it catches up", (hertz) => {
    const call = bench(stalled, tone(hertz));
    call.run(STALL_END + 2);
    const heard = call.heard(STALL_END + 0.1, STALL_END + 1);
    expect(Math.abs(pitchOf(heard) / hertz - 1)).toBeLessThan(0.01);
    expect(largestStep(heard)).toBeLessThan(0.5 * ((2 * Math.PI * hertz) / 48_000) * 1.3);
    expect(Math.min(...heard)).toBeLessThan(-0.45);
  });

  it.each([
    ["a chord", chord],
    ["a voice", voice],
  ] as const)("does not click in %s", (_, sound) => {
    const call = bench(stalled, sound);
    call.run(STALL_END + 4);
    const smooth = call.heard(5, 9);
    const caught = call.heard(STALL_END + 0.1, STALL_END + 1.5);
    expect(largestStep(caught)).toBeLessThan(1.3 * largestStep(smooth));
    expect(roughness(caught)).toBeLessThan(1.2 * roughness(smooth));
  });

  it("is as loud as before while it catches up", () => {
    const power = (samples: Float32Array) => samples.reduce((sum, s) => sum + s * s, 0) / samples.length;
    for (const sound of [tone(440), chord, noise]) {
      const call = bench(stalled, sound);
      call.run(STALL_END + 2);
      const change = power(call.heard(STALL_END + 0.1, STALL_END + 1)) / power(call.heard(8, 10));
      expect(Math.abs(10 * Math.log10(change))).toBeLessThan(1);
    }
  });

  it("shortens pauses more than words", () => {
    const words: Sound = (sample) => (sample % 48_000 < 24_000 ? tone(440)(sample) : 0);
    const call = bench(stalled, words);
    call.run(STALL_END + 2);
    const speaking = call.heard(STALL_END, STALL_END + 2).filter((s) => Math.abs(s) > 0.01).length / 48_000;
    // In 2 s and the 0.7 s before them 1.35 s of words were said; less than a third of them is lost in catching up.
    expect(speaking).toBeGreaterThan(0.9);
    expect(call.latencyAt(STALL_END + 1.98)).toBeLessThan(1.2 * call.latencyAt(9.9));
  });

  it("skips what nobody could catch up with", () => {
    const call = bench((packet) => (packet >= 500 && packet < 590 ? 30 + (590 - packet) * 20 : 30));
    call.run(14.5);
    expect(call.buffer.statistics.skippedSamples).toBeGreaterThan(900 * 48);
    expect(call.latencyAt(14)).toBeLessThan(30 + 80);
  });

  it("tells at once that the play position has moved", () => {
    const call = bench(stalled);
    call.run(10);
    call.buffer.jumped = false;
    call.run(0.5);
    expect(call.buffer.jumped).toBe(false);
    call.run(0.5);
    expect(call.buffer.jumped).toBe(true);
  });
});

describe("JitterBuffer where sound is missing", () => {
  it("conceals a lost packet without a click and without a longer delay", () => {
    const call = bench((packet) => (packet === 400 ? null : 30));
    call.run(12);
    const { concealedSamples, concealmentEvents } = call.buffer.statistics;
    expect(concealedSamples).toBeGreaterThanOrEqual(900);
    expect(concealedSamples).toBeLessThan(2_000);
    expect(concealmentEvents).toBe(1);
    expect(largestStep(call.heard(0.2, 12))).toBeLessThan(TONE_STEP * 3);
    expect(Math.abs(call.latencyAt(11.9) - call.latencyAt(7.9))).toBeLessThan(10);
  });

  it("fades to silence in a pause, which does not count as concealment, and goes on after it", () => {
    const call = bench((packet) => (packet > 100 && packet < 300 ? null : 30));
    call.run(5);
    expect(call.heard(2.25, 5).every((sample) => sample === 0)).toBe(true);
    expect(call.buffer.playingCaptureTimeUs).toBeNull();
    const { concealedSamples, silentSamples } = call.buffer.statistics;
    expect(concealedSamples).toBeLessThanOrEqual(100 * 48);
    expect(silentSamples).toBeGreaterThan(2.5 * 48_000);
    call.run(3);
    expect(Math.max(...call.heard(7, 8))).toBeGreaterThan(0.49);
    expect(call.latencyAt(7.9)).toBeLessThan(30 + 80);
    expect(largestStep(call.heard(0.2, 8))).toBeLessThan(TONE_STEP * 3);
  });

  it("does not take a burst at the start for jitter, nor plays what was said before", () => {
    const call = bench((packet) => Math.max(30, 1_000 - packet * 20));
    call.run(8);
    expect(call.latencyAt(1.5)).toBeLessThan(30 + 110);
    expect(call.latencyAt(7.9)).toBeLessThan(30 + 80);
  });

  it("starts anew when the source restarts with another timestamp", () => {
    const call = bench(() => 30);
    call.run(2);
    const level: number[] = [];
    for (let packet = 0; packet < 20; packet += 1) {
      const samples = new Float32Array(PACKET).fill(0.25);
      call.buffer.push(samples, 5_000_000 + packet * PACKET, CAPTURE_US + 1e9 + packet * 20_000, call.now);
      const block = new Float32Array(PACKET);
      call.buffer.pull(block, call.now);
      call.now += 0.02;
      level.push(...block);
    }
    expect(level.at(-1)).toBeCloseTo(0.25, 5);
  });

  it("starts anew when the source restarts a little behind where it was", () => {
    const call = bench(() => 30);
    call.run(2);
    const level: number[] = [];
    for (let packet = 0; packet < 40; packet += 1) {
      const samples = new Float32Array(PACKET).fill(0.25);
      const rtpTimestamp = (0xffff_0000 + (40 + packet) * PACKET) >>> 0;
      call.buffer.push(samples, rtpTimestamp, CAPTURE_US + packet * 20_000, call.now);
      const block = new Float32Array(PACKET);
      call.buffer.pull(block, call.now);
      call.now += 0.02;
      level.push(...block);
    }
    expect(level.at(-1)).toBeCloseTo(0.25, 5);
  });

  it("holds no more than 2.7 s while nobody listens, and plays the newest of it then", () => {
    const call = bench(() => 30);
    call.run(1);
    for (let packet = 50; packet < 350; packet += 1) {
      const rtpTimestamp = (0xffff_0000 + packet * PACKET) >>> 0;
      call.buffer.push(packetOf(tone(500))(packet), rtpTimestamp, CAPTURE_US + packet * 20_000, call.now);
    }
    const block = new Float32Array(BLOCK);
    let newest = 0;
    for (let i = 0; i < 400; i += 1) {
      call.now += BLOCK / 48_000;
      call.buffer.pull(block, call.now);
      newest = Math.max(newest, call.buffer.playingCaptureTimeUs ?? 0);
    }
    expect(call.buffer.statistics.skippedSamples).toBeGreaterThan(3 * 48_000);
    expect(newest).toBeGreaterThan(CAPTURE_US + 5_500_000);
  });
});

describe("JitterBuffer's level", () => {
  it("is that of what is heard", () => {
    const call = bench(() => 30, tone(500, 1));
    call.run(2);
    expect(call.buffer.takeLevel()).toBe(3);
    expect(call.buffer.takeLevel()).toBe(127);
    expect(call.buffer.statistics.energy).toBeGreaterThan(0.8);
  });
});
