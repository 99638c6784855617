import { describe, expect, it } from "vitest";
import { addMultiple, overRow, PRODUCTS, timesRow } from "./field.ts";

/** Long multiplication of polynomials, bit by bit. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product <<= 1;
    if (product & 0x100) product ^= 0x11d;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet);

describe("field", () => {
  it("multiplies as by hand", () => {
    expect(PRODUCTS.map((row) => [...row])).toEqual(OCTETS.map((a) => OCTETS.map((b) => multiply(a, b))));
  });

  it("divides back what it multiplied", () => {
    for (const divisor of OCTETS.slice(1)) {
      expect([...overRow(divisor)].map((quotient) => multiply(quotient, divisor))).toEqual(OCTETS);
    }
  });

  it("adds multiples of a part that may be shorter", () => {
    const total = Uint8Array.of(1, 2, 3);
    addMultiple(total, Uint8Array.of(0xff, 0x10), timesRow(0xca));
    expect([...total]).toEqual([1 ^ multiply(0xff, 0xca), 2 ^ multiply(0x10, 0xca), 3]);
  });
});
