// Puts our kernels into the encoder's table of functions, right after openh264 has filled it (renames.txt).
#include "encoder.h"
#include "kernels.h"

namespace WelsEnc {

int32_t upstream_InitFunctionPointers(sWelsEncCtx* context, SWelsSvcCodingParam* parameters, uint32_t cpu_flags);

int32_t InitFunctionPointers(sWelsEncCtx* context, SWelsSvcCodingParam* parameters, uint32_t cpu_flags) {
  const int32_t result = upstream_InitFunctionPointers(context, parameters, cpu_flags);
  if (result == 0 && wsmedia_kernels_on) wsmedia_install_encoder_kernels(context->pFuncList);
  return result;
}

}  // namespace WelsEnc
