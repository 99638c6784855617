/* Where faster code for openh264's inner loops is put in; kernels/ defines the functions, h264/ calls them.
 *
 * Both hooks run after openh264 has filled in its own function pointers, and only while wsmedia_kernels_on is set, so that
 * one module can run with and without kernels: the tests compare the two bit by bit. */
#ifndef WSMEDIA_KERNELS_H
#define WSMEDIA_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

/* 1 by default; changed by use_kernels() before an encoder or decoder is made. */
extern int wsmedia_kernels_on;

/* function_list: a WelsEnc::SWelsFuncPtrList. */
void wsmedia_install_encoder_kernels(void* function_list);

/* decoder_context: a WelsDec::SWelsDecoderContext. */
void wsmedia_install_decoder_kernels(void* decoder_context);

#ifdef __cplusplus
}
#endif
#endif
