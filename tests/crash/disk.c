/* Preloaded into a process: its writes and syncs of chosen files fail, take long, or are its last.

   A block of shared memory, filled in by disk.py, says which calls are hit. A preloaded program opens it with
   `disk_open`; one that knows nothing of it (PostgreSQL) is named the file in CRASH_DISK. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2 };

struct block {
    int calls;  /* WRITES, SYNCS or both; 0: none is hit */
    int nth;    /* the first call that is hit, from 1 */
    int times;  /* how many are hit from then on; -1: all */
    int error;  /* the errno they fail with; 0: they are carried out */
    int delay;  /* microseconds they take longer */
    int last;   /* the process is killed in the middle of the call */
    int seen;   /* calls that could have been hit */
    int hit;
    char name[96]; /* what the file's path ends in; with a slash at its end, a part of the path */
};

static struct block *block;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

void disk_open(const char *path) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) abort();
    void *memory = mmap(NULL, sizeof(struct block), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) abort();
    block = memory;
    close(descriptor);
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CRASH_DISK");
    if (path) disk_open(path);
}

static int concerns(int descriptor) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t wanted = strlen(block->name);
    if (!wanted) return 0;
    if (block->name[wanted - 1] == '/') return strstr(path, block->name) != NULL;
    return (size_t)length >= wanted && !strcmp(path + length - wanted, block->name);
}

/* Whether this call is hit. */
static int hit(int descriptor, int call) {
    if (!block || !(__atomic_load_n(&block->calls, __ATOMIC_ACQUIRE) & call) || !concerns(descriptor)) return 0;
    int place = __atomic_add_fetch(&block->seen, 1, __ATOMIC_SEQ_CST) - block->nth;
    if (place < 0 || (block->times >= 0 && place >= block->times)) return 0;
    __atomic_add_fetch(&block->hit, 1, __ATOMIC_SEQ_CST);
    if (block->delay) {
        struct timespec pause = {block->delay / 1000000, block->delay % 1000000 * 1000L};
        nanosleep(&pause, NULL);
    }
    return 1;
}

/* -1 where the call fails with the chosen error, which is then in errno. */
static int failed(void) {
    if (block->last) kill(getpid(), SIGKILL);
    errno = block->error;
    return block->error ? -1 : 0;
}

#define WRITE(name, parameters, ...) \
    ssize_t name parameters { \
        REAL(name); \
        if (hit(descriptor, WRITES)) { \
            if (block->last && length > 1) { \
                size_t whole = length; \
                length = whole / 2; \
                real(__VA_ARGS__); \
                length = whole; \
            } \
            if (failed()) return -1; \
        } \
        return real(__VA_ARGS__); \
    }

#define SYNC(name) \
    int name(int descriptor) { \
        REAL(name); \
        if (hit(descriptor, SYNCS) && failed()) return -1; \
        return real(descriptor); \
    }

WRITE(write, (int descriptor, const void *bytes, size_t length), descriptor, bytes, length)
WRITE(pwrite, (int descriptor, const void *bytes, size_t length, off_t at), descriptor, bytes, length, at)
WRITE(pwrite64, (int descriptor, const void *bytes, size_t length, off64_t at), descriptor, bytes, length, at)
SYNC(fsync)
SYNC(fdatasync)

/* PostgreSQL extends its files with this one. */
ssize_t pwritev(int descriptor, const struct iovec *parts, int length, off_t at) {
    REAL(pwritev);
    if (hit(descriptor, WRITES) && failed()) return -1;
    return real(descriptor, parts, length, at);
}
