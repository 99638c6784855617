/**
 * The self-test of the kernels: each is given random blocks beside openh264's C function of the same job, in the same
 * module.
 *
 * It is linked into a module of its own, h264-selftest.wasm, that only tests load (src/codecs/kernels.test.ts). A check
 * runs one trial with given random numbers and says whether both functions gave the same, everything around their
 * outputs included.
 */
#ifndef WSMEDIA_SELFTEST_H
#define WSMEDIA_SELFTEST_H

#include <stdint.h>
#include <string.h>

namespace selftest {

/** The same numbers for the same seed (xorshift). */
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * 2654435761u + 1) {}

  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }

  /** A number of low … high, both included. */
  int32_t between(int32_t low, int32_t high) {
    return low + static_cast<int32_t>((next() >> 4) % static_cast<uint32_t>(high - low + 1));
  }

 private:
  uint32_t state_;
};

/** One of a list, as in `pick(random, {16, 8, 4})`. */
template <int count>
int32_t pick(Random& random, const int32_t (&choices)[count]) {
  return choices[random.between(0, count - 1)];
}

/** Samples with room around any block of a macroblock's size, at any stride and alignment. */
struct Plane {
  static constexpr int size = 8192;
  uint8_t octets[size];
  int32_t stride;
  int32_t start;

  uint8_t* at() { return octets + start; }

  /** Chooses place and stride, and fills everything: noise, black and white, a gradient with a little noise, or one
   * value. */
  void fill(Random& random) {
    stride = random.between(32, 96);
    start = 24 * stride + random.between(24, 40);
    const int32_t kind = random.between(0, 3), base = random.between(0, 255), across = random.between(-4, 4),
                  down = random.between(-4, 4);
    const int32_t noise = random.between(0, 12);
    for (int32_t i = 0; i < size; i++) {
      int32_t value = random.between(0, 255);
      if (kind == 1) value = (value & 1) * 255;
      if (kind == 2) value = base + across * (i % stride) + down * (i / stride) + value % (noise + 1);
      if (kind == 3) value = base;
      octets[i] = static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
    }
  }

  bool operator==(const Plane& other) const { return memcmp(octets, other.octets, size) == 0; }
};

struct Check {
  const char* name;
  /** One trial; true if both functions gave the same. */
  bool (*agrees)(Random& random);
};

struct Checks {
  const Check* list;
  int count;
};

Checks encoder_checks();
Checks decoder_checks();
Checks picture_checks();
/** Functions that are wrong on purpose, beside the right ones: the test must find each of them out. */
Checks broken_checks();

}  // namespace selftest

#endif
