import { expect, it } from "vitest";
import { Seats } from "./seats.ts";

const silent = () => -Infinity;
const spoke = (times: Record<string, number>) => (id: string) => times[id] ?? -Infinity;

it("seats everybody in order of arrival while there is room, and nobody moves when somebody leaves", () => {
  const seats = new Seats();
  expect(seats.choose(["a", "b", "c"], 4, null, silent, 0)).toEqual(["a", "b", "c"]);
  expect(seats.choose(["a", "c", "d"], 4, null, silent, 0)).toEqual(["a", "c", "d"]);
});

it("gives a speaker without a seat that of the one who has been silent longest", () => {
  const seats = new Seats();
  const times = spoke({ a: 9_000, b: 1_000, c: 5_000 });
  expect(seats.choose(["a", "b", "c", "d"], 3, null, times, 9_000)).toEqual(["a", "b", "c"]);
  expect(seats.choose(["a", "b", "c", "d"], 3, "d", times, 10_000)).toEqual(["a", "d", "c"]);
  expect(seats.choose(["a", "b", "c", "d"], 3, "a", times, 20_000)).toEqual(["a", "d", "c"]);
});

it("lets faces settle before the next change", () => {
  const seats = new Seats();
  const everybody = ["a", "b", "c", "d"];
  seats.choose(everybody, 2, "c", silent, 10_000);
  const settled = seats.choose(everybody, 2, "d", silent, 11_000);
  expect(settled).toContain("c");
  expect(settled).not.toContain("d");
  expect(seats.choose(everybody, 2, "d", spoke({ c: 10_500 }), 13_000)).toEqual(expect.arrayContaining(["c", "d"]));
});

it("keeps those who spoke last when the stage becomes smaller", () => {
  const seats = new Seats();
  seats.choose(["a", "b", "c"], 3, null, silent, 0);
  expect(seats.choose(["a", "b", "c"], 2, null, spoke({ a: 5, c: 7 }), 10)).toEqual(["a", "c"]);
});

it("has everybody wait when there is no seat at all", () => {
  const seats = new Seats();
  expect(seats.choose(["a", "b"], 0, "b", silent, 5_000)).toEqual([]);
});
