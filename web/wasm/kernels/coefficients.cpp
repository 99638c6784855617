/** What the entropy coder asks of sixteen levels: their order along the zigzag, how many are not zero, their runs. */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

/** Bit i is set when level i is not zero. Narrowing saturates, so what is not zero stays so. */
inline uint32_t nonzero_mask(v128_t low, v128_t high) {
  return 0xffffu & ~static_cast<uint32_t>(
                       wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_i8x16_narrow_i16x8(low, high), wasm_i8x16_splat(0))));
}

inline int32_t highest_bit(uint32_t mask) { return 31 - __builtin_clz(mask); }

/** Calls `use(index, zeros below it)` for every level that is not zero, the last one first. */
template <typename Use>
inline void from_the_end(uint32_t mask, Use use) {
  while (mask != 0) {
    const int32_t index = highest_bit(mask);
    mask ^= 1u << index;
    use(index, mask == 0 ? index : index - 1 - highest_bit(mask));
  }
}

}  // namespace

void zigzag(int16_t* levels, int16_t* coefficients) {
  const v128_t low = load16(coefficients), high = load16(coefficients + 8);
  store16(levels, wasm_i16x8_shuffle(low, high, 0, 1, 4, 8, 5, 2, 3, 6));
  store16(levels + 8, wasm_i16x8_shuffle(low, high, 9, 12, 13, 10, 7, 11, 14, 15));
}

void zigzag_without_dc(int16_t* levels, int16_t* coefficients) {
  const v128_t low = load16(coefficients), high = load16(coefficients + 8);
  store16(levels, wasm_i16x8_shuffle(low, high, 1, 4, 8, 5, 2, 3, 6, 9));
  store16(levels + 8, wasm_i16x8_replace_lane(wasm_i16x8_shuffle(low, high, 12, 13, 10, 7, 11, 14, 15, 15), 7, 0));
}

int32_t count_nonzero(int16_t* levels) { return __builtin_popcount(nonzero_mask(load16(levels), load16(levels + 8))); }

int32_t single_level_cost(int16_t* levels) {
  // JVT-O079: a lone ±1 costs more the fewer zeros stand before it.
  static const int8_t costs[16] = {3, 2, 2, 1, 1, 1};
  int32_t cost = 0;
  from_the_end(nonzero_mask(load16(levels), load16(levels + 8)), [&](int32_t, int32_t zeros) { cost += costs[zeros]; });
  return cost;
}

int32_t runs_and_levels(int16_t* coefficients, uint8_t* runs, int16_t* levels, int32_t* total, int32_t last_index) {
  // Chroma DC has four levels only: what stands behind them belongs to others.
  const bool four = last_index < 4;
  const uint32_t mask = nonzero_mask(four ? load8(coefficients) : load16(coefficients),
                                     four ? wasm_i16x8_splat(0) : load16(coefficients + 8)) &
                        ((2u << last_index) - 1);
  int32_t count = 0, zeros_in_all = 0;
  from_the_end(mask, [&](int32_t index, int32_t zeros) {
    levels[count] = coefficients[index];
    runs[count++] = static_cast<uint8_t>(zeros);
    zeros_in_all += zeros;
  });
  *total = count;
  return zeros_in_all;
}

}  // namespace wsmedia
