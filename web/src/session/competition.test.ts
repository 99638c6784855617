import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { Competition, FAIR_SHARE, MORE_DELAY, PATIENCE, PROBATION } from "./competition.ts";

const at = seconds;

/** A queue that stays for so many seconds from 10 on, though the estimate is cut three times a second. */
function behindAQueue(delay: number, lasting: number, competition = new Competition(), since = 10): Competition {
  for (let step = 0; step <= lasting * 30; step += 1) {
    if (step % 10 === 9) competition.cut();
    competition.queueStays(delay, 2_000_000, at(since + step / 30));
  }
  return competition;
}

describe("Competition", () => {
  it("holds a share of what was carried before, behind a queue that stays however little is sent", () => {
    expect(behindAQueue(0.2, PATIENCE - 0.1).isOn).toBe(false);
    const competition = behindAQueue(0.2, PATIENCE + 0.1);
    expect([competition.isOn, competition.shareBps]).toEqual([true, 2_000_000 * FAIR_SHARE]);
  });

  it("yields to a queue that empties, and to one that nobody has given way to yet", () => {
    const emptying = behindAQueue(0.2, PATIENCE - 0.1);
    emptying.queueStays(0.09, 0, at(12.1));
    expect(emptying.isOn).toBe(false);
    const uncut = new Competition();
    uncut.queueStays(0.2, 1_000_000, at(10));
    uncut.queueStays(0.2, 1_000_000, at(15));
    expect(uncut.isOn).toBe(false);
  });

  it("ends with the queue, and begins afresh with the next one", () => {
    const competition = behindAQueue(0.2, 3);
    competition.queueIsGone();
    expect(competition.isOn).toBe(false);
    expect(behindAQueue(0.2, PATIENCE - 0.1, competition, 20).isOn).toBe(false);
  });

  it("ends where more of ours makes the queue longer, and yields for a while then", () => {
    const competition = behindAQueue(0.2, 3);
    competition.queueStays(0.21 + MORE_DELAY, 2_000_000, at(13.1));
    expect(competition.isOn).toBe(false);
    expect(behindAQueue(0.3, PROBATION - 1, competition, 13.2).isOn).toBe(false);
    expect(behindAQueue(0.3, 3, competition, 23.2).isOn).toBe(true);
  });
});
