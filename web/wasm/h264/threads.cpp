// openh264's operating system layer for one thread without files: locks always open, threads never start, text is not
// formatted, files do not exist. It stands in for WelsThreadLib.cpp and crt_util_safe_x.cpp.
#include <cstring>

#include "WelsThreadLib.h"
#include "crt_util_safe_x.h"

extern "C" {

WELS_THREAD_ERROR_CODE WelsMutexInit(WELS_MUTEX*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsMutexLock(WELS_MUTEX*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsMutexUnlock(WELS_MUTEX*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsMutexDestroy(WELS_MUTEX*) { return WELS_THREAD_ERROR_OK; }

WELS_THREAD_ERROR_CODE WelsEventOpen(WELS_EVENT* event, const char*) {
  *event = nullptr;
  return WELS_THREAD_ERROR_OK;
}
WELS_THREAD_ERROR_CODE WelsEventClose(WELS_EVENT*, const char*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsEventSignal(WELS_EVENT*, WELS_MUTEX*, int*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsEventWait(WELS_EVENT*, WELS_MUTEX*, int&) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsEventWaitWithTimeOut(WELS_EVENT*, uint32_t, WELS_MUTEX*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsMultipleEventsWaitSingleBlocking(uint32_t, WELS_EVENT*, WELS_EVENT*, WELS_MUTEX*) {
  return WELS_THREAD_ERROR_GENERAL;
}

WELS_THREAD_ERROR_CODE WelsThreadCreate(WELS_THREAD_HANDLE*, LPWELS_THREAD_ROUTINE, void*, WELS_THREAD_ATTR) {
  return WELS_THREAD_ERROR_GENERAL;
}
WELS_THREAD_ERROR_CODE WelsThreadSetName(const char*) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_ERROR_CODE WelsThreadJoin(WELS_THREAD_HANDLE) { return WELS_THREAD_ERROR_OK; }
WELS_THREAD_HANDLE WelsThreadSelf() { return {}; }
WELS_THREAD_ERROR_CODE WelsQueryLogicalProcessInfo(WelsLogicalProcessInfo* info) {
  info->ProcessorCount = 1;
  return WELS_THREAD_ERROR_OK;
}
void WelsSleep(uint32_t) {}

// Part of a name for a semaphore; some libraries for WASI have it.
__attribute__((weak)) int getpid() { return 1; }

int32_t WelsSnprintf(char* buffer, int32_t size, const char*, ...) {
  if (size > 0) buffer[0] = '\0';
  return 0;
}
int32_t WelsVsnprintf(char* buffer, int32_t size, const char*, va_list) {
  if (size > 0) buffer[0] = '\0';
  return 0;
}
char* WelsStrncpy(char* target, int32_t size, const char* source) {
  if (size <= 0) return target;
  const size_t length = strnlen(source, static_cast<size_t>(size) - 1);
  memcpy(target, source, length);
  target[length] = '\0';
  return target;
}
char* WelsStrcat(char* target, uint32_t size, const char* source) {
  const size_t used = strnlen(target, size);
  if (used < size) WelsStrncpy(target + used, static_cast<int32_t>(size - used), source);
  return target;
}

WelsFileHandle* WelsFopen(const char*, const char*) { return nullptr; }
int32_t WelsFclose(WelsFileHandle*) { return 0; }
int32_t WelsFread(void*, int32_t, int32_t, WelsFileHandle*) { return 0; }
int32_t WelsFwrite(const void*, int32_t, int32_t, WelsFileHandle*) { return 0; }
int32_t WelsFseek(WelsFileHandle*, int32_t, int32_t) { return -1; }
int32_t WelsFflush(WelsFileHandle*) { return 0; }

int32_t WelsGetTimeOfDay(SWelsTime* now) {
  now->time = 0;
  now->millitm = 0;
  return 0;
}
int32_t WelsStrftime(char* buffer, int32_t size, const char*, const SWelsTime*) {
  if (size > 0) buffer[0] = '\0';
  return 0;
}
uint16_t WelsGetMillisecond(const SWelsTime*) { return 0; }

}  // extern "C"
