// The decoder's own layer of threads, for none: it stands in for wels_decoder_thread.cpp. Without threads openh264 makes the
// events and never waits on one.
#include "wels_decoder_thread.h"

extern "C" {

int32_t GetCPUCount() { return 1; }

int EventCreate(SWelsDecEvent* event, int manual_reset, int initial_state) {
  *event = {};
  event->manualReset = manual_reset;
  event->isSignaled = initial_state;
  return 0;
}
void EventPost(SWelsDecEvent* event) { event->isSignaled = 1; }
int EventWait(SWelsDecEvent*, int32_t) { return WELS_DEC_THREAD_WAIT_SIGNALED; }
void EventReset(SWelsDecEvent* event) { event->isSignaled = 0; }
void EventDestroy(SWelsDecEvent*) {}

int SemCreate(SWelsDecSemphore* semaphore, long value, long max) {
  *semaphore = {};
  semaphore->v = value;
  semaphore->max = max;
  return 0;
}
int SemWait(SWelsDecSemphore*, int32_t) { return WELS_DEC_THREAD_WAIT_SIGNALED; }
void SemRelease(SWelsDecSemphore*, long*) {}
void SemDestroy(SWelsDecSemphore*) {}

int ThreadCreate(SWelsDecThread*, LPWELS_THREAD_ROUTINE, void*) { return 1; }
int ThreadWait(SWelsDecThread*) { return 0; }

}  // extern "C"
