/* What runs when kernels/ defines no hook of its own: nothing, openh264's functions stay. */
#include "kernels.h"

int wsmedia_kernels_on = 1;

__attribute__((weak)) void wsmedia_install_encoder_kernels(void* function_list) { (void)function_list; }
__attribute__((weak)) void wsmedia_install_decoder_kernels(void* decoder_context) { (void)decoder_context; }

__attribute__((export_name("use_kernels"))) int use_kernels(int on) {
  wsmedia_kernels_on = on != 0;
  return 0;
}
