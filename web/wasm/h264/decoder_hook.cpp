// Puts our kernels into the decoder's context. InitDecFuncs calls DeblockingInit as its last step (renames.txt), so then
// the whole context is filled.
#include <cstddef>

#include "deblocking.h"
#include "decoder_context.h"
#include "kernels.h"

namespace WelsDec {

void upstream_DeblockingInit(PDeblockingFunc functions, int32_t cpu_flags);

void DeblockingInit(PDeblockingFunc functions, int32_t cpu_flags) {
  upstream_DeblockingInit(functions, cpu_flags);
  if (!wsmedia_kernels_on) return;
  auto* const inside = reinterpret_cast<uint8_t*>(functions);
  wsmedia_install_decoder_kernels(inside - offsetof(SWelsDecoderContext, sDeblockingFunc));
}

}  // namespace WelsDec
