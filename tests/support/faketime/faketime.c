// A preloaded library that moves the wall clock of the programs under test and answers for the
// kernel whether it is synchronised, so that long terms can be met without waiting.
// LATCHSTRING_FAKETIME names a file of two little-endian 64-bit numbers: nanoseconds to add to
// CLOCK_REALTIME, and 1 where the clock counts as synchronised. It is mapped once; whoever writes
// into the file is seen at once, and no system call is needed to look.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct fake {
  int64_t offset_ns;
  int64_t synchronised;
};

static const volatile struct fake* fake;
static const int64_t kNsPerSecond = 1000000000;

__attribute__((constructor)) static void open_fake(void) {
  const char* const path = getenv("LATCHSTRING_FAKETIME");
  if (path == NULL) return;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) abort();
  void* const map = mmap(NULL, sizeof(struct fake), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (map == MAP_FAILED) abort();
  fake = map;
}

static int64_t offset_ns(void) {
  return fake == NULL ? 0 : fake->offset_ns;
}

// Every wall-clock function goes through this one.
int clock_gettime(clockid_t id, struct timespec* at) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, at);
  if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return result;
  const int64_t ns = (int64_t)at->tv_sec * kNsPerSecond + at->tv_nsec + offset_ns();
  at->tv_sec = ns / kNsPerSecond;
  at->tv_nsec = ns % kNsPerSecond;
  return 0;
}

int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* at) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}

// Questions only: who sets the clock is refused, as everybody without the right is.
int adjtimex(struct timex* query) {
  if (query->modes != 0) {
    errno = EPERM;
    return -1;
  }
  const int right = fake == NULL || fake->synchronised != 0;
  memset(query, 0, sizeof *query);
  query->status = right ? STA_PLL : STA_UNSYNC;
  return right ? TIME_OK : TIME_ERROR;
}
