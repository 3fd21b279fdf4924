#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cc_fault.h"

// Older C libraries lack some of these; the kernel's numbers do not change.
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#ifdef OMS_FAULT
#define CONSULT(call, path)                                    \
  do {                                                         \
    int injected = cc_fault_consult(call, path, -1, NULL);     \
    if (injected < 0) return injected;                         \
  } while (0)
#else
#define CONSULT(call, path) (void)0
#endif

static const int size_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// Gives the file its pages now: a full tmpfs is then an answer here, not a SIGBUS in the middle of an order.
static int reserve(int descriptor, size_t length) {
  int status;
  do {
    status = posix_fallocate(descriptor, 0, (off_t)length);
  } while (status == EINTR);
  return -status;
}

static int map(int descriptor, size_t length, int writable, void **base) {
  int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void *mapped = mmap(NULL, length, protection, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  if (mapped == MAP_FAILED) return -errno;
  *base = mapped;
  return 0;
}

int cc_shm_create(const char *name, size_t length, void **base, int *descriptor) {
  CONSULT("shm_create", name);
  if (length == 0) return -EINVAL;
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  // Whatever the umask took away from the owner is given back; others get nothing.
  int status = fchmod(fd, 0600) == 0 ? 0 : -errno;
  if (status == 0) status = reserve(fd, length);
  if (status == 0) status = map(fd, length, 1, base);
  if (status < 0) {
    shm_unlink(name);
    close(fd);
    return status;
  }
  *descriptor = fd;
  return 0;
}

int cc_shm_open(const char *name, size_t *length, void **base, int *descriptor) {
  CONSULT("shm_open", name);
  int fd = shm_open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
  if (fd < 0) return -errno;
  struct stat s;
  int status = fstat(fd, &s) == 0 ? 0 : -errno;
  if (status == 0 && (!S_ISREG(s.st_mode) || s.st_uid != geteuid() || (s.st_mode & 077) != 0)) status = -EPERM;
  if (status == 0 && s.st_size <= 0) status = -ENODATA;
  if (status == 0) status = map(fd, (size_t)s.st_size, 1, base);
  if (status < 0) {
    close(fd);
    return status;
  }
  *length = (size_t)s.st_size;
  *descriptor = fd;
  return 0;
}

int cc_shm_unlink(const char *name) { return shm_unlink(name) == 0 ? 0 : -errno; }

int cc_shm_renew(const char *name, void *base, size_t length, int descriptor) {
  CONSULT("shm_renew", name);
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  int status = fchmod(fd, 0600) == 0 ? 0 : -errno;
  if (status == 0) status = reserve(fd, length);
  size_t done = 0;
  while (status == 0 && done < length) {
    ssize_t written = pwrite(fd, (const char *)base + done, length - done, (off_t)done);
    if (written > 0) {
      done += (size_t)written;
    } else if (written == 0 || errno != EINTR) {
      status = written == 0 ? -EIO : -errno;
    }
  }
  if (status == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) status = -errno;
  if (status == 0) {
    void *mapped = mmap(base, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0);
    if (mapped == MAP_FAILED) status = -errno;
  }
  // The number that everybody knows the region by stands for the new file from now on.
  if (status == 0 && dup3(fd, descriptor, O_CLOEXEC) < 0) status = -errno;
  if (status < 0) shm_unlink(name);
  close(fd);
  return status;
}

int cc_shm_unmap(void *base, size_t length, int descriptor) {
  int status = munmap(base, length) == 0 ? 0 : -errno;
  if (descriptor >= 0 && close(descriptor) != 0 && errno != EINTR && status == 0) status = -errno;
  return status;
}

// A descriptor that never could write, besides the seal that stops new writers. Without /proc the seal alone holds.
static int reopen_read_only(int descriptor) {
  char path[32] = "/proc/self/fd/";
  char digits[12];
  int count = 0, at = 14;
  for (int rest = descriptor; rest > 0 || count == 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
  while (count > 0) path[at++] = digits[--count];
  path[at] = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return fd >= 0 ? fd : -errno;
}

int cc_shm_anonymous(const char *label, size_t length, void **base, int *descriptor, int *read_only) {
  CONSULT("memfd_create", label);
  if (length == 0) return -EINVAL;
  int fd = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 do not know the last flag.
  if (fd < 0 && errno == EINVAL) fd = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  void *mapped = NULL;
  int reader = -1;
  int status = reserve(fd, length);
  if (status == 0) status = map(fd, length, 1, &mapped);
  // Our mapping exists by now. Where readers get a descriptor of their own, it stays the only writable one for ever.
  int seals = size_seals | (read_only != NULL ? F_SEAL_FUTURE_WRITE : 0);
  if (status == 0 && fcntl(fd, F_ADD_SEALS, seals) != 0) status = -errno;
  if (status == 0 && read_only != NULL) {
    reader = reopen_read_only(fd);
    if (reader < 0) status = reader;
  }
  if (status < 0) {
    if (mapped != NULL) munmap(mapped, length);
    close(fd);
    return status;
  }
  *base = mapped;
  *descriptor = fd;
  if (read_only != NULL) *read_only = reader;
  return 0;
}

int cc_shm_attach(int descriptor, int writable, size_t *length, void **base) {
  CONSULT("shm_attach", NULL);
  int seals = fcntl(descriptor, F_GET_SEALS);
  if (seals < 0) return -errno;
  // Without them the sender could cut the file under our mapping.
  if ((seals & size_seals) != size_seals) return -EPERM;
  struct stat s;
  if (fstat(descriptor, &s) != 0) return -errno;
  if (s.st_size <= 0) return -ENODATA;
  int status = map(descriptor, (size_t)s.st_size, writable, base);
  if (status < 0) return status;
  *length = (size_t)s.st_size;
  return 0;
}
