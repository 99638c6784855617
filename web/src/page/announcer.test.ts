import { expect, it } from "vitest";
import type { Person } from "../room/call.ts";
import { Announcer } from "./announcer.ts";

const person = (name: string): Person => ({ participantId: `p-${name}`, name, video: null, audio: null });

it("announces those who come and leave while the connection stands", () => {
  const said: string[] = [];
  const announcer = new Announcer((event, name) => said.push(`${name} ${event}`));
  announcer.stateChanged("connected", 0);
  announcer.peopleChanged([person("Alice")], 100);
  announcer.peopleChanged([person("Alice"), person("Bob")], 2_000);
  announcer.peopleChanged([person("Bob")], 3_000);
  announcer.stateChanged("reconnecting", 4_000);
  announcer.peopleChanged([], 4_100);
  announcer.stateChanged("connected", 5_000);
  announcer.peopleChanged([person("Bob")], 5_100);
  announcer.peopleChanged([], 9_000);
  expect(said).toEqual(["Bob joined", "Alice left", "Bob left"]);
});
