/* What the functions that JavaScript calls give: 0 or a positive number, or one of these. Mirrored in src/codecs/instance.ts. */
#ifndef WSMEDIA_RESULTS_H
#define WSMEDIA_RESULTS_H

enum {
  RESULT_BAD_ARGUMENT = -1, /* a size, rate or format out of range */
  RESULT_BAD_STATE = -2,    /* nothing was created, or twice */
  RESULT_NO_MEMORY = -3,
  RESULT_CODEC = -4,        /* openh264 refuses: the parameters, or the data */
  RESULT_NEEDS_KEYFRAME = -5,
};

/* Level 5.1: pictures of up to 36 864 macroblocks, that is 4096 x 2304. */
enum { LARGEST_SIDE = 4096, LARGEST_MACROBLOCKS = 36864 };

#endif
