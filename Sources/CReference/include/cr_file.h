// Files the plain way: a system call for each event, and a scan that only adds up checksums.
#ifndef CR_FILE_H
#define CR_FILE_H

#include <stddef.h>
#include <stdint.h>

/// Appends `count` events of `bytes` (4,096 at most) by one write() each, starting over after 16 MiB. 0 or -errno.
int cr_file_write_each(int descriptor, size_t bytes, uint64_t count);
/// Writes one event at `offset` and waits for the disk. 0 or -errno.
int cr_file_write_synced(int descriptor, size_t bytes, int64_t offset);
/// Adds up a checksum of the whole file through a buffer of 1 MiB; the length read, or -errno.
int64_t cr_file_scan(int descriptor, uint32_t (*checksum)(uint32_t, const void *, size_t), uint32_t *sum);

#endif
