/** Copies of blocks and clearing of small buffers: a call of memory.copy or memory.fill costs more than these few
 * stores. */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

template <int width, int height>
void copy(uint8_t* to, int32_t to_stride, uint8_t* from, int32_t from_stride) {
  for (int row = 0; row < height; row++) {
    if constexpr (width == 16) store16(to, load16(from));
    if constexpr (width == 8) store8(to, load8(from));
    to += to_stride;
    from += from_stride;
  }
}

template void copy<16, 16>(uint8_t*, int32_t, uint8_t*, int32_t);
template void copy<16, 8>(uint8_t*, int32_t, uint8_t*, int32_t);
template void copy<8, 16>(uint8_t*, int32_t, uint8_t*, int32_t);
template void copy<8, 8>(uint8_t*, int32_t, uint8_t*, int32_t);

void zero(void* at, int32_t octets) {
  uint8_t* to = static_cast<uint8_t*>(at);
  const v128_t zeros = wasm_i8x16_splat(0);
  for (; octets >= 16; octets -= 16, to += 16) store16(to, zeros);
  for (; octets >= 8; octets -= 8, to += 8) store8(to, zeros);
  for (; octets > 0; octets--) *to++ = 0;
}

void counts_to_flags(int8_t* nonzero_counts) {
  const v128_t one = wasm_i8x16_splat(1);
  store16(nonzero_counts, wasm_u8x16_min(load16(nonzero_counts), one));
  store8(nonzero_counts + 16, wasm_u8x16_min(load8(nonzero_counts + 16), one));
}

}  // namespace wsmedia
