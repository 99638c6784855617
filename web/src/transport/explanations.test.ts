import { describe, expect, it } from "vitest";
import { CloseCode } from "../base/errors.ts";
import { explain, mayRestart } from "./explanations.ts";

describe("explanations", () => {
  it.each(Object.entries(CloseCode))("%s has a sentence", (_, code) => {
    expect(explain(code, "")).toMatch(/^[A-Z].*\.$/);
  });

  it("adds what the gateway says, and copes with codes from the future", () => {
    expect(explain(4999, "sun exploded")).toBe("The server ended the call. (sun exploded)");
  });

  it("restarts only where nobody is to blame", () => {
    expect(mayRestart(CloseCode.SESSION_UNKNOWN)).toBe(true);
    expect([CloseCode.UNAUTHORIZED, CloseCode.LEFT, CloseCode.MALFORMED, CloseCode.SFU_FAILED].some(mayRestart)).toBe(
      false,
    );
  });
});
