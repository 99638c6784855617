/* The type only: openh264's headers name it, and nothing here ever waits (see h264/threads.cpp). */
#ifndef WSMEDIA_SEMAPHORE_H
#define WSMEDIA_SEMAPHORE_H
typedef int sem_t;
#endif
