/**
 * GF(2^8) with the polynomial x^8+x^4+x^3+x^2+1: octets are numbers that add by exclusive or, strings of them are vectors.
 *
 * Everything is a table. A product of a whole string with one number is a walk along one row of 256 octets, which stays in
 * the processor's nearest memory.
 */

const POLYNOMIAL = 0x11d;
const ORDER = 255;

/** 2^n for n = 0 … 254: all numbers but 0. */
export const POWERS = new Uint8Array(ORDER);
/** n with 2^n = the index; meaningless for 0. */
export const LOGARITHMS = new Uint8Array(256);

for (let exponent = 0, power = 1; exponent < ORDER; exponent += 1) {
  POWERS[exponent] = power;
  LOGARITHMS[power] = exponent;
  power = power < 128 ? power << 1 : (power << 1) ^ POLYNOMIAL;
}

/** 2^n for any whole n. */
export const powerOf = (exponent: number): number => POWERS[((exponent % ORDER) + ORDER) % ORDER] as number;

/** The logarithm of a number that is not 0. */
export const logarithmOf = (value: number): number => LOGARITHMS[value] as number;

/** `PRODUCTS[a][b]` is a·b. */
export const PRODUCTS: readonly Uint8Array[] = Array.from({ length: 256 }, (_, a) =>
  Uint8Array.from({ length: 256 }, (__, b) => (a === 0 || b === 0 ? 0 : powerOf(logarithmOf(a) + logarithmOf(b)))),
);

/** The row of products with a number, 0 … 255. */
export const timesRow = (factor: number): Uint8Array => PRODUCTS[factor] as Uint8Array;

/** The row of products with 1 / `divisor`, 1 … 255. */
export const overRow = (divisor: number): Uint8Array => timesRow(powerOf(-logarithmOf(divisor)));

/** Add a multiple of `part` to `total`, which is at least as long; `row` says what each octet becomes. */
export function addMultiple(total: Uint8Array, part: Uint8Array, row: Uint8Array): void {
  const { length } = part;
  for (let at = 0; at < length; at += 1) {
    total[at] = (total[at] as number) ^ (row[part[at] as number] as number);
  }
}
