/* Types only: openh264's headers name them, and nothing here ever runs in a thread (see h264/threads.cpp). */
#ifndef WSMEDIA_PTHREAD_H
#define WSMEDIA_PTHREAD_H
typedef int pthread_t;
typedef int pthread_mutex_t;
typedef int pthread_cond_t;
typedef int pthread_mutexattr_t;
#endif
