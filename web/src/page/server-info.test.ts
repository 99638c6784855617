import { expect, it } from "vitest";
import { serverInfoOf } from "./server-info.ts";

it("reads what the server tells, and survives what it does not", () => {
  const body = { version: "0.1", adapter: "janus", native_mode: false, token_required: true };
  expect(serverInfoOf(body)).toEqual({ nativeMode: false, tokenRequired: true, version: "0.1" });
  expect(serverInfoOf({})).toEqual({ nativeMode: true, tokenRequired: false, version: null });
  expect(serverInfoOf("<html>")).toBeNull();
});
