/**
 * One trial for each shape of function in openh264's tables: random arguments, both functions, everything compared.
 * Used for the encoder's and the decoder's tables; the shapes are openh264's own typedefs.
 */
#ifndef WSMEDIA_SELFTEST_BLOCKS_H
#define WSMEDIA_SELFTEST_BLOCKS_H

#include "mc.h"
#include "selftest/selftest.h"

namespace selftest {

/** Coefficients or levels with room behind them that nobody may touch. */
struct Values {
  static constexpr int size = 160;
  alignas(16) int16_t at[size];

  void fill(Random& random, int32_t low, int32_t high) {
    for (int16_t& value : at) value = static_cast<int16_t>(random.between(low, high));
  }

  /** Mostly zeros, as after quantisation. */
  void fill_sparsely(Random& random) {
    const int32_t density = random.between(0, 16);
    for (int16_t& value : at)
      value = random.between(0, 15) < density
                  ? static_cast<int16_t>(pick(random, {-1, 1, -2, 3, 255, 256, -256, -32768}))
                  : 0;
  }

  bool operator==(const Values& other) const { return memcmp(at, other.at, sizeof at) == 0; }
};

/**
 * Coefficients as the inverse transform may meet them: small ones, large ones that still keep every sum within 16 bits,
 * or a DC alone of any size.
 */
inline void fill_coefficients(Random& random, Values& values) {
  const int32_t largest = pick(random, {3, 60, 900, 2000});
  values.fill(random, -largest, largest);
  if (random.between(0, 3) != 0) return;
  memset(values.at, 0, sizeof values.at);
  for (int block = 0; block < 4; block++) values.at[16 * block] = static_cast<int16_t>(random.between(-32768, 32767));
}

template <typename Cost>
bool same_cost(Random& random, Cost theirs, Cost ours) {
  static Plane a, b;
  a.fill(random);
  b.fill(random);
  return theirs(a.at(), a.stride, b.at(), b.stride) == ours(a.at(), a.stride, b.at(), b.stride);
}

template <typename FourCosts>
bool same_four_costs(Random& random, FourCosts theirs, FourCosts ours) {
  static Plane a, b;
  a.fill(random);
  b.fill(random);
  int32_t expected[4], found[4];
  theirs(a.at(), a.stride, b.at(), b.stride, expected);
  ours(a.at(), a.stride, b.at(), b.stride, found);
  return memcmp(expected, found, sizeof expected) == 0;
}

template <typename Copy>
bool same_copy(Random& random, Copy theirs, Copy ours) {
  static Plane from, expected, found;
  from.fill(random);
  expected.fill(random);
  found = expected;
  theirs(expected.at(), expected.stride, from.at(), from.stride);
  ours(found.at(), found.stride, from.at(), from.stride);
  return expected == found;
}

template <typename Filter>
bool same_filter(Random& random, Filter theirs, Filter ours, int32_t width, int32_t height) {
  static Plane from, expected, found;
  from.fill(random);
  expected.fill(random);
  found = expected;
  theirs(from.at(), from.stride, expected.at(), expected.stride, width, height);
  ours(from.at(), from.stride, found.at(), found.stride, width, height);
  return expected == found;
}

inline bool same_motion(Random& random, PWelsMcFunc theirs, PWelsMcFunc ours, int32_t width, int32_t height) {
  static Plane from, expected, found;
  from.fill(random);
  expected.fill(random);
  found = expected;
  const int16_t x = static_cast<int16_t>(random.between(-300, 300)),
                y = static_cast<int16_t>(random.between(-300, 300));
  theirs(from.at(), from.stride, expected.at(), expected.stride, x, y, width, height);
  ours(from.at(), from.stride, found.at(), found.stride, x, y, width, height);
  return expected == found;
}

inline bool same_luma_motion(Random& random, PWelsMcFunc theirs, PWelsMcFunc ours) {
  return same_motion(random, theirs, ours, pick(random, {16, 8, 4}), pick(random, {16, 8, 4}));
}

inline bool same_chroma_motion(Random& random, PWelsMcFunc theirs, PWelsMcFunc ours) {
  return same_motion(random, theirs, ours, pick(random, {8, 4, 2}), pick(random, {8, 4, 2}));
}

inline bool same_average(Random& random, PWelsSampleAveragingFunc theirs, PWelsSampleAveragingFunc ours) {
  static Plane a, b, expected, found;
  a.fill(random);
  b.fill(random);
  expected.fill(random);
  found = expected;
  const int32_t width = pick(random, {16, 8, 4}), height = pick(random, {16, 8, 4});
  theirs(expected.at(), expected.stride, a.at(), a.stride, b.at(), b.stride, width, height);
  ours(found.at(), found.stride, a.at(), a.stride, b.at(), b.stride, width, height);
  return expected == found;
}

/** Thresholds of any index of the standard's tables, and limits as boundary strengths give them. */
struct EdgeNumbers {
  int32_t alpha, beta;
  int8_t limits[4];

  explicit EdgeNumbers(Random& random) : alpha(random.between(0, 255)), beta(random.between(0, 18)) {
    for (int8_t& limit : limits) limit = static_cast<int8_t>(random.between(-1, 26));
  }
};

template <typename Edge>
bool same_luma_edge(Random& random, Edge theirs, Edge ours) {
  static Plane expected, found;
  expected.fill(random);
  found = expected;
  EdgeNumbers n(random);
  theirs(expected.at(), expected.stride, n.alpha, n.beta, n.limits);
  ours(found.at(), found.stride, n.alpha, n.beta, n.limits);
  return expected == found;
}

template <typename Edge>
bool same_strong_luma_edge(Random& random, Edge theirs, Edge ours) {
  static Plane expected, found;
  expected.fill(random);
  found = expected;
  EdgeNumbers n(random);
  theirs(expected.at(), expected.stride, n.alpha, n.beta);
  ours(found.at(), found.stride, n.alpha, n.beta);
  return expected == found;
}

/** Two chroma planes of one stride. */
struct Chroma {
  Plane cb, cr;

  void fill(Random& random) {
    cb.fill(random);
    cr.fill(random);
    cr.stride = cb.stride;
  }

  bool operator==(const Chroma& other) const { return cb == other.cb && cr == other.cr; }
};

template <typename Edge>
bool same_chroma_edge(Random& random, Edge theirs, Edge ours) {
  static Chroma expected, found;
  expected.fill(random);
  found = expected;
  EdgeNumbers n(random);
  theirs(expected.cb.at(), expected.cr.at(), expected.cb.stride, n.alpha, n.beta, n.limits);
  ours(found.cb.at(), found.cr.at(), found.cb.stride, n.alpha, n.beta, n.limits);
  return expected == found;
}

template <typename Edge>
bool same_strong_chroma_edge(Random& random, Edge theirs, Edge ours) {
  static Chroma expected, found;
  expected.fill(random);
  found = expected;
  EdgeNumbers n(random);
  theirs(expected.cb.at(), expected.cr.at(), expected.cb.stride, n.alpha, n.beta);
  ours(found.cb.at(), found.cr.at(), found.cb.stride, n.alpha, n.beta);
  return expected == found;
}

}  // namespace selftest

#endif
