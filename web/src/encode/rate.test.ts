import { describe, expect, it } from "vitest";
import { ladderOf, QualityChooser, scaledSize, type Wish } from "./rate.ts";

const CAMERA: Wish = { picture: { width: 1280, height: 720 }, framerate: 30, content: "motion" };
const SCREEN: Wish = { picture: { width: 1920, height: 1080 }, framerate: 30, content: "detail" };
const PLENTY = 5_000_000;

/** A chooser that tells its choice as `1280x720@30 none`. */
function chooser(wish: Wish) {
  const quality = new QualityChooser();
  return (bitrateBps: number, load: number, now: number): string => {
    const { size, framerate, limitation } = quality.choose(wish, bitrateBps, load, now);
    return `${size.width}x${size.height}@${framerate} ${limitation}`;
  };
}

/** Ask as often as pictures come while nothing changes; gives each new answer with the time at which it came. */
function over(
  choose: ReturnType<typeof chooser>,
  bitrateBps: number,
  load: (answer: string) => number,
  seconds: number,
) {
  const answers: [number, string][] = [];
  let answer = "";
  for (let now = 0; now <= seconds; now += 1 / 16) {
    const next = choose(bitrateBps, load(answer), now);
    if (next !== answer) answers.push([now, next]);
    answer = next;
  }
  return answers;
}

describe("ladderOf", () => {
  const steps = (wish: Wish) => ladderOf(wish).map(({ size, framerate }) => `${size.height}@${framerate}`);

  it("gives up a camera's size before its frame rate", () => {
    expect(steps(CAMERA)).toEqual(["720@30", "540@30", "360@30", "270@30", "180@30", "180@15", "180@8", "180@5"]);
  });

  it("gives up a screen's frame rate before its size, which stays legible", () => {
    expect(steps(SCREEN)).toEqual(["1080@30", "1080@15", "1080@8", "1080@5", "810@5", "540@5", "406@5"]);
    expect(steps({ ...SCREEN, framerate: 8 })).toEqual(["1080@8", "1080@5", "810@5", "540@5", "406@5"]);
  });

  it("does not shrink what is small already", () => {
    const picture = { width: 160, height: 90 };
    expect(steps({ picture, framerate: 5, content: "motion" })).toEqual(["90@5"]);
    expect(steps({ picture, framerate: 5, content: "detail" })).toEqual(["90@5"]);
  });
});

describe("QualityChooser and bandwidth", () => {
  it("keeps the camera's size while the bitrate fills it", () => {
    expect(chooser(CAMERA)(1_500_000, 0, 0)).toBe("1280x720@30 none");
  });

  it("goes down at once and up only after the higher bitrate has lasted", () => {
    const choose = chooser(CAMERA);
    expect(choose(250_000, 0, 0)).toBe("640x360@30 bandwidth");
    expect(choose(1_500_000, 0, 1)).toBe("640x360@30 bandwidth");
    expect(choose(1_500_000, 0, 5.9)).toBe("640x360@30 bandwidth");
    expect(choose(1_500_000, 0, 6)).toBe("960x540@30 bandwidth");
    expect(choose(1_500_000, 0, 10.9)).toBe("960x540@30 bandwidth");
    expect(choose(1_500_000, 0, 11)).toBe("1280x720@30 none");
  });

  it("does not flap around a threshold", () => {
    const choose = chooser(CAMERA);
    const seen = new Set<string>();
    for (let second = 0; second < 60; second += 1) seen.add(choose(second % 2 ? 700_000 : 680_000, 0, second));
    expect(seen).toEqual(new Set(["960x540@30 bandwidth"]));
  });

  it("stops at the last step", () => {
    expect(chooser(CAMERA)(1, 0, 0)).toBe("320x180@5 bandwidth");
    expect(chooser(SCREEN)(1, 0, 0)).toBe("720x406@5 bandwidth");
  });

  it("takes a screen's pictures less often rather than smaller", () => {
    expect(chooser(SCREEN)(300_000, 0, 0)).toBe("1920x1080@8 bandwidth");
  });

  it("follows a source that becomes smaller or is asked for less", () => {
    const quality = new QualityChooser();
    expect(quality.choose(CAMERA, 1, 0, 0).framerate).toBe(5);
    const small: Wish = { picture: { width: 160, height: 90 }, framerate: 15, content: "motion" };
    expect(quality.choose(small, PLENTY, 0, 1)).toMatchObject({ size: small.picture, limitation: "bandwidth" });
    expect(quality.choose(small, PLENTY, 0, 6)).toMatchObject({ framerate: 8 });
    expect(quality.choose(small, PLENTY, 0, 11)).toMatchObject({ framerate: 15 });
  });
});

describe("QualityChooser and load", () => {
  it("bears a moment of overload", () => {
    const choose = chooser(CAMERA);
    expect(choose(PLENTY, 1.5, 0)).toBe("1280x720@30 none");
    expect(choose(PLENTY, 1.5, 1)).toBe("1280x720@30 none");
    expect(choose(PLENTY, 0.9, 1.4)).toBe("1280x720@30 none");
    expect(choose(PLENTY, 1.5, 2)).toBe("1280x720@30 none");
    expect(choose(PLENTY, 1.5, 3.5)).toBe("960x540@30 cpu");
  });

  it("takes two steps at once when one would not do", () => {
    const choose = chooser(CAMERA);
    choose(PLENTY, 4, 0);
    expect(choose(PLENTY, 4, 1.5)).toBe("640x360@30 cpu");
  });

  it("is down within seconds on a starved machine and back once it is left alone", () => {
    const choose = chooser(CAMERA);
    let starved = true;
    const load = () => (starved ? 3 : 0.2);
    const down = over(choose, PLENTY, load, 4);
    expect(down.at(-1)?.[1]).toBe("320x180@30 cpu");
    starved = false;
    const [first, ...rest] = over((bps, l, now) => choose(bps, l, now + 4), PLENTY, load, 40).slice(1);
    expect(first?.[0]).toBeGreaterThanOrEqual(7.5);
    expect(first?.[0]).toBeLessThan(8.5);
    expect(rest.at(-1)?.[1]).toBe("1280x720@30 none");
    expect(rest.at(-1)?.[0]).toBeLessThan(25);
  });

  it("tries a step that is too much again and again, but ever more rarely", () => {
    const load = (answer: string) => (answer.startsWith("1280") || answer === "" ? 1.6 : 0.5);
    const times = over(chooser(CAMERA), PLENTY, load, 120)
      .filter(([, answer]) => answer.startsWith("1280"))
      .map(([now]) => now);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits.length).toBeGreaterThanOrEqual(3);
    for (const [index, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThan((waits[index] ?? 0) * 1.5);
  });

  it("stays where there is neither too much nor room", () => {
    const choose = chooser(CAMERA);
    choose(PLENTY, 1.2, 0);
    expect(choose(PLENTY, 1.2, 2)).toBe("960x540@30 cpu");
    for (let now = 2; now < 200; now += 1) expect(choose(PLENTY, 0.85, now)).toBe("960x540@30 cpu");
  });

  it("counts from where bandwidth has put it", () => {
    const choose = chooser(CAMERA);
    expect(choose(250_000, 1.2, 0)).toBe("640x360@30 bandwidth");
    expect(choose(250_000, 1.2, 2)).toBe("480x270@30 cpu");
  });
});

it("scales to even sides", () => {
  expect(scaledSize({ width: 642, height: 362 }, 0.25)).toEqual({ width: 160, height: 90 });
  expect(scaledSize(CAMERA.picture, 0.375)).toEqual({ width: 480, height: 270 });
});
