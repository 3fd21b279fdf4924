#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "consult.h"

int cc_sys_open(const char *path, uint32_t flags, uint32_t mode) {
  CONSULT("open", path, -1, NULL);
  int native = O_CLOEXEC | O_NOFOLLOW;
  if ((flags & cc_open_read) && (flags & cc_open_write)) native |= O_RDWR;
  else if (flags & cc_open_write) native |= O_WRONLY;
  if (flags & cc_open_create) native |= O_CREAT;
  if (flags & cc_open_exclusive) native |= O_EXCL;
  if (flags & cc_open_truncate) native |= O_TRUNC;
  if (flags & cc_open_append) native |= O_APPEND;
  if (flags & cc_open_directory) native |= O_DIRECTORY;
  return RETRIED(int, open(path, native, (mode_t)mode));
}

int cc_sys_close(int descriptor) {
  CONSULT("close", NULL, descriptor, NULL);
  // Never repeated: Linux has freed the number even when it reports EINTR, and another thread may hold it by now.
  if (close(descriptor) == 0 || errno == EINTR) return 0;
  return -errno;
}

int64_t cc_sys_pread(int descriptor, void *bytes, size_t length, int64_t offset) {
  CONSULT("pread", NULL, descriptor, &length);
  return RETRIED(int64_t, pread(descriptor, bytes, length, offset));
}

int64_t cc_sys_pwrite(int descriptor, const void *bytes, size_t length, int64_t offset) {
  CONSULT("pwrite", NULL, descriptor, &length);
  return RETRIED(int64_t, pwrite(descriptor, bytes, length, offset));
}

int64_t cc_sys_read(int descriptor, void *bytes, size_t length) {
  CONSULT("read", NULL, descriptor, &length);
  return RETRIED(int64_t, read(descriptor, bytes, length));
}

int64_t cc_sys_write(int descriptor, const void *bytes, size_t length) {
  CONSULT("write", NULL, descriptor, &length);
  return RETRIED(int64_t, write(descriptor, bytes, length));
}

int cc_sys_fdatasync(int descriptor) {
  CONSULT("fdatasync", NULL, descriptor, NULL);
  return RETRIED(int, fdatasync(descriptor));
}

int cc_sys_fsync(int descriptor) {
  CONSULT("fsync", NULL, descriptor, NULL);
  return RETRIED(int, fsync(descriptor));
}

int cc_sys_truncate(int descriptor, int64_t length) {
  CONSULT("ftruncate", NULL, descriptor, NULL);
  return RETRIED(int, ftruncate(descriptor, length));
}

int cc_sys_allocate(int descriptor, int64_t length) {
  CONSULT("fallocate", NULL, descriptor, NULL);
  if (length < 0) return -EINVAL;
  struct stat s;
  if (fstat(descriptor, &s) != 0) return -errno;
  if (length == 0) return 0;
  // The size grows with the zeros written, not here: a call that was cut short can be made again.
  int reserved = RETRIED(int, fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length));
  // Where it is not supported, the zeros below take the place themselves.
  if (reserved < 0 && reserved != -EOPNOTSUPP) return reserved;
  // Reserved is not written: the first write to such a block changes metadata, which each sync would then wait for.
  static const uint8_t zeros[65536];
  int64_t at = s.st_size;
  while (at < length) {
    size_t part = length - at < (int64_t)sizeof zeros ? (size_t)(length - at) : sizeof zeros;
    int64_t written = RETRIED(int64_t, pwrite(descriptor, zeros, part, at));
    if (written < 0) return (int)written;
    if (written == 0) return -ENOSPC;
    at += written;
  }
  return 0;
}

static void fill(cc_stat *out, const struct stat *s) {
  memset(out, 0, sizeof *out);
  out->device = (uint64_t)s->st_dev;
  out->inode = (uint64_t)s->st_ino;
  out->size = s->st_size;
  out->links = (uint64_t)s->st_nlink;
  out->mode = s->st_mode;
  out->owner = s->st_uid;
  out->modified_ns = (int64_t)s->st_mtim.tv_sec * 1000000000 + s->st_mtim.tv_nsec;
}

int cc_sys_stat_path(const char *path, cc_stat *out) {
  CONSULT("stat", path, -1, NULL);
  struct stat s;
  int status = RETRIED(int, lstat(path, &s));
  if (status < 0) return status;
  fill(out, &s);
  return 0;
}

int cc_sys_stat_descriptor(int descriptor, cc_stat *out) {
  CONSULT("fstat", NULL, descriptor, NULL);
  struct stat s;
  int status = RETRIED(int, fstat(descriptor, &s));
  if (status < 0) return status;
  fill(out, &s);
  return 0;
}

int cc_sys_rename(const char *from, const char *to) {
  CONSULT("rename", to, -1, NULL);
  return RETRIED(int, rename(from, to));
}

int cc_sys_unlink(const char *path) {
  CONSULT("unlink", path, -1, NULL);
  return RETRIED(int, unlink(path));
}

int cc_sys_mkdir(const char *path, uint32_t mode) {
  CONSULT("mkdir", path, -1, NULL);
  return RETRIED(int, mkdir(path, (mode_t)mode));
}

int cc_sys_rmdir(const char *path) {
  CONSULT("rmdir", path, -1, NULL);
  return RETRIED(int, rmdir(path));
}

// Copies the names of one batch of directory entries behind `used`; returns the new `used`, or -ERANGE.
static int64_t take_names(const char *entries, int64_t entry_bytes, char *names, int64_t used, size_t capacity) {
  for (int64_t at = 0; at < entry_bytes;) {
    const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
    at += entry->d_reclen;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    size_t bytes = strlen(name) + 1;
    if ((size_t)used + bytes > capacity) return -ERANGE;
    memcpy(names + used, name, bytes);
    used += (int64_t)bytes;
  }
  return used;
}

int64_t cc_sys_list(const char *path, char *names, size_t capacity) {
  CONSULT("list", path, -1, NULL);
  int directory = RETRIED(int, open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (directory < 0) return directory;
  // The kernel's call rather than readdir, which would allocate.
  _Alignas(struct dirent64) char entries[16384];
  int64_t used = 0;
  while (used >= 0) {
    int64_t got = RETRIED(int64_t, syscall(SYS_getdents64, directory, entries, sizeof entries));
    if (got == 0) break;
    used = got < 0 ? got : take_names(entries, got, names, used, capacity);
  }
  close(directory);
  return used;
}

int cc_sys_lock(int descriptor, int wait) {
  CONSULT("flock", NULL, descriptor, NULL);
  return RETRIED(int, flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB));
}

int cc_sys_unlock(int descriptor) { return RETRIED(int, flock(descriptor, LOCK_UN)); }

int64_t cc_sys_disk_free(const char *path) {
  CONSULT("statvfs", path, -1, NULL);
  struct statvfs s;
  int status = RETRIED(int, statvfs(path, &s));
  if (status < 0) return status;
  return (int64_t)(s.f_bavail * s.f_frsize);
}

int64_t cc_sys_disk_size(const char *path) {
  CONSULT("statvfs", path, -1, NULL);
  struct statvfs s;
  int status = RETRIED(int, statvfs(path, &s));
  if (status < 0) return status;
  return (int64_t)(s.f_blocks * s.f_frsize);
}

int cc_sys_clock_state(int64_t *error_ns) {
  struct timex t = {0};
  int state = adjtimex(&t);
  if (state < 0) return -errno;
  *error_ns = t.maxerror * 1000;
  return state == TIME_ERROR || (t.status & STA_UNSYNC) != 0 ? 0 : 1;
}

int64_t cc_sys_limit(int resource) {
  static const int kinds[] = {RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_RTPRIO};
  if (resource < 0 || resource > 2) return -EINVAL;
  struct rlimit limit;
  if (getrlimit(kinds[resource], &limit) != 0) return -errno;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

int cc_sys_set_mode(const char *path, uint32_t mode) {
  CONSULT("chmod", path, -1, NULL);
  // Through a descriptor: a link that takes the file's place meanwhile is not followed.
  int descriptor = RETRIED(int, open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor < 0) return descriptor;
  int status = RETRIED(int, fchmod(descriptor, (mode_t)mode));
  close(descriptor);
  return status;
}

int cc_sys_random(void *bytes, size_t length) {
  uint8_t *p = bytes;
  while (length > 0) {
    int64_t got = RETRIED(int64_t, getrandom(p, length, 0));
    if (got < 0) return (int)got;
    p += got;
    length -= (size_t)got;
  }
  return 0;
}

uint32_t cc_sys_user_id(void) { return geteuid(); }
