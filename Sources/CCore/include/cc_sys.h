// The one place through which storage, network and clock make system calls.
//
// Every function returns a count or 0 on success, or a negative errno. EINTR is retried inside. The build with
// -DOMS_FAULT consults an injection table first (see cc_fault.h); the other build has no trace of it.
#ifndef CC_SYS_H
#define CC_SYS_H

#include <stddef.h>
#include <stdint.h>

enum {
  cc_open_read = 1,
  cc_open_write = 2,
  cc_open_create = 4,
  cc_open_exclusive = 8,
  cc_open_truncate = 16,
  cc_open_append = 32,
  cc_open_directory = 64,
};

/// What `cc_sys_stat` tells about a path or a descriptor.
typedef struct {
  uint64_t device;
  uint64_t inode;
  int64_t size;
  uint64_t links;
  uint32_t mode;
  uint32_t owner;
  int64_t modified_ns;
} cc_stat;

/// Opens with O_CLOEXEC | O_NOFOLLOW; `mode` only matters with cc_open_create. Returns the descriptor.
int cc_sys_open(const char *path, uint32_t flags, uint32_t mode);
int cc_sys_close(int descriptor);
/// May be short; the caller goes on. 0 is the end of the file.
int64_t cc_sys_pread(int descriptor, void *bytes, size_t length, int64_t offset);
int64_t cc_sys_pwrite(int descriptor, const void *bytes, size_t length, int64_t offset);
int64_t cc_sys_read(int descriptor, void *bytes, size_t length);
int64_t cc_sys_write(int descriptor, const void *bytes, size_t length);
int cc_sys_fdatasync(int descriptor);
int cc_sys_fsync(int descriptor);
int cc_sys_truncate(int descriptor, int64_t length);
/// Reserves [0, length) and writes zeros from the present end up to it, so that later writes cannot meet a full disk.
/// Bytes that are there already stay.
int cc_sys_allocate(int descriptor, int64_t length);
int cc_sys_stat_path(const char *path, cc_stat *out);
int cc_sys_stat_descriptor(int descriptor, cc_stat *out);
int cc_sys_rename(const char *from, const char *to);
int cc_sys_unlink(const char *path);
int cc_sys_mkdir(const char *path, uint32_t mode);
int cc_sys_rmdir(const char *path);
/// Writes the names in a directory to `names`, each ended by NUL, without "." and ".."; returns the bytes used, or
/// -ERANGE when `capacity` is too small. The order is the file system's: sort before use.
int64_t cc_sys_list(const char *path, char *names, size_t capacity);
/// Exclusive advisory lock; -EAGAIN when another process holds it and `wait` is 0.
int cc_sys_lock(int descriptor, int wait);
int cc_sys_unlock(int descriptor);
/// Free bytes of the file system that holds `path`.
int64_t cc_sys_disk_free(const char *path);
/// Bytes of that file system in all.
int64_t cc_sys_disk_size(const char *path);
/// What the kernel knows of its clock against the world's: 1 synchronised, 0 not; the greatest error in nanoseconds.
/// Negative errno when it does not tell.
int cc_sys_clock_state(int64_t *error_ns);
/// Soft limit of a resource: RLIM_INFINITY is INT64_MAX.
int64_t cc_sys_limit(int resource);
enum { cc_limit_files = 0, cc_limit_locked = 1, cc_limit_priority = 2 };
/// Sets the permission bits of a file that is no link.
int cc_sys_set_mode(const char *path, uint32_t mode);
/// Fills `bytes` from the kernel's random source.
int cc_sys_random(void *bytes, size_t length);

/// The effective user of this process.
uint32_t cc_sys_user_id(void);

#endif
