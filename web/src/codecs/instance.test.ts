/** What becomes of modules that give up or break, with a module made by hand. */

import { describe, expect, it } from "vitest";
import { CodecError, CodecUnavailable } from "./codec-error.ts";
import { Instance } from "./instance.ts";

const text = (words: string): number[] => [words.length, ...new TextEncoder().encode(words)];
const section = (id: number, ...content: number[]): number[] => [id, content.length, ...content];

/** Imports proc_exit; `leave` calls it with 3, `trap` traps, `refuse` gives -4; `_initialize` does as `start` says. */
function module(start: readonly number[] = []): WebAssembly.Module {
  const body = (...code: number[]): number[] => [code.length + 2, 0, ...code, 0x0b];
  const [constant, call, trap] = [0x41, 0x10, 0x00];
  const names = ["_initialize", "leave", "trap", "refuse"];
  const exports = names.flatMap((name, index) => [...text(name), 0, index + 1]);
  return new WebAssembly.Module(
    new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, 3, ...[0x60, 0, 0], ...[0x60, 1, 0x7f, 0], ...[0x60, 0, 1, 0x7f]),
      ...section(2, 1, ...text("wasi_snapshot_preview1"), ...text("proc_exit"), 0, 1),
      ...section(3, 4, 0, 2, 2, 2),
      ...section(5, 1, 0, 1),
      ...section(7, names.length + 1, ...exports, ...text("memory"), 2, 0),
      ...section(
        10,
        4,
        ...body(...start),
        ...body(constant, 3, call, 0, constant, 1),
        ...body(trap),
        ...body(constant, 0x7c),
      ),
    ]),
  );
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}

describe("an instance", () => {
  it("says by a cause that the module broke or gave up, and by none that it refused", () => {
    const instance = new Instance(module(), ["leave", "trap", "refuse"]);
    for (const name of ["leave", "trap"] as const) {
      const error = thrownBy(() => instance.call("testing", name));
      expect(error).toBeInstanceOf(CodecError);
      expect((error as CodecError).cause).toBeDefined();
    }
    const refused = thrownBy(() => instance.call("testing", "refuse"));
    expect(refused).toBeInstanceOf(CodecError);
    expect((refused as CodecError).cause).toBeUndefined();
  });

  it("cannot be had of a module that breaks as it starts, or lacks something", () => {
    expect(() => new Instance(module([0x00]), ["leave"])).toThrow(CodecUnavailable);
    expect(() => new Instance(module(), ["encoder_create"])).toThrow(CodecUnavailable);
  });
});
