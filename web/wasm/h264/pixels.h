/* Between the pixel formats of VideoFrame and I420; called by encoder.cpp and decoder.cpp.
 *
 * Planes are tightly packed: luma `width` octets a row, chroma (width + 1) / 2. RGB is converted by BT.709 in the limited
 * range: Chromium takes YUV without a colour description to be that, and the encoder writes it into the stream. */
#ifndef WSMEDIA_PIXELS_H
#define WSMEDIA_PIXELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { PIXELS_I420 = 0, PIXELS_NV12 = 1, PIXELS_RGBA = 2, PIXELS_BGRA = 3, PIXELS_FORMATS = 4 } PixelFormat;

/* Octets of one picture. */
size_t pixels_size(PixelFormat format, int width, int height);

/* Write `width` x `height` pixels of `source` as I420 to `target`; both are of pixels_size() octets. */
void pixels_to_i420(PixelFormat format, const uint8_t* source, uint8_t* target, int width, int height);

/* Write a packed I420 picture as RGBA, alpha 255. */
void pixels_i420_to_rgba(const uint8_t* source, uint8_t* target, int width, int height);

#ifdef __cplusplus
}
#endif
#endif
