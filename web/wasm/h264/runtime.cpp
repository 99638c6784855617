// The little of C++'s runtime that openh264 needs without exceptions; linking its library would cost the build a minute.
#include <cstdlib>
#include <new>

// openh264 checks for null after `new`, as its own allocator does: it is compiled without exceptions.
void* operator new(size_t size) { return malloc(size != 0 ? size : 1); }
void* operator new[](size_t size) { return malloc(size != 0 ? size : 1); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }

extern "C" {
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }  // a module is thrown away whole
void __cxa_pure_virtual() { abort(); }
}
