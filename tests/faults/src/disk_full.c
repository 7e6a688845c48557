/* A disk that is full for the process that preloads it, as long as there is a file called DISK_FULL: for those who write at an
   offset, as databases do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static int is_full(void) {
  const char *path = getenv("DISK_FULL");
  int before = errno;
  int full = path && access(path, F_OK) == 0;
  errno = full ? ENOSPC : before;
  return full;
}

#define REAL(type, name) \
  static type real; \
  if (!real) { \
    *(void **)&real = dlsym(RTLD_NEXT, name); \
  }

typedef ssize_t (*pwrite_call)(int, const void *, size_t, off_t);
typedef int (*truncate_call)(int, off_t);

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
  REAL(pwrite_call, "pwrite")
  return is_full() ? -1 : real(file, data, size, offset);
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t offset) {
  REAL(pwrite_call, "pwrite64")
  return is_full() ? -1 : real(file, data, size, offset);
}

int ftruncate(int file, off_t length) {
  REAL(truncate_call, "ftruncate")
  return is_full() ? -1 : real(file, length);
}

int ftruncate64(int file, off_t length) {
  REAL(truncate_call, "ftruncate64")
  return is_full() ? -1 : real(file, length);
}
