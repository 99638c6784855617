import { expect, it } from "vitest";
import { Announcer } from "./announcer.ts";

it("announces those who come and leave while the connection stands", () => {
  const said: string[] = [];
  const announcer = new Announcer((event, name) => said.push(`${name} ${event}`));
  announcer.stateChanged("connected", 0);
  announcer.happened("joined", "Alice", 100);
  announcer.happened("joined", "Bob", 2_000);
  announcer.happened("left", "Alice", 3_000);
  announcer.stateChanged("reconnecting", 4_000);
  announcer.happened("left", "Bob", 4_100);
  announcer.stateChanged("connected", 5_000);
  announcer.happened("joined", "Bob", 5_100);
  announcer.happened("sharing", "Alice", 5_200);
  announcer.happened("joined", "", 9_000);
  announcer.happened("sharing", "Bob", 9_000);
  expect(said).toEqual(["Bob joined", "Alice left", "Alice sharing", "Bob sharing"]);
});
