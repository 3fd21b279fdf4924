#include "cr_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { lap_bytes = 16 << 20, scan_bytes = 1 << 20, event_bytes_max = 4096 };

static const uint8_t event[event_bytes_max] = {[0 ... event_bytes_max - 1] = 'x'};

int cr_file_write_each(int descriptor, size_t bytes, uint64_t count) {
  if (bytes == 0 || bytes > sizeof event) return -EINVAL;
  size_t written = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (write(descriptor, event, bytes) != (ssize_t)bytes) return errno != 0 ? -errno : -EIO;
    written += bytes;
    if (written < lap_bytes) continue;
    if (lseek(descriptor, 0, SEEK_SET) != 0) return -errno;
    written = 0;
  }
  return 0;
}

int cr_file_write_synced(int descriptor, size_t bytes, int64_t offset) {
  if (bytes == 0 || bytes > sizeof event) return -EINVAL;
  if (pwrite(descriptor, event, bytes, offset) != (ssize_t)bytes) return errno != 0 ? -errno : -EIO;
  return fdatasync(descriptor) == 0 ? 0 : -errno;
}

int64_t cr_file_scan(int descriptor, uint32_t (*checksum)(uint32_t, const void *, size_t), uint32_t *sum) {
  uint8_t *buffer = malloc(scan_bytes);
  if (buffer == NULL) return -ENOMEM;
  int64_t offset = 0;
  for (;;) {
    ssize_t got = pread(descriptor, buffer, scan_bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) offset = -errno;
    if (got <= 0) break;
    *sum = checksum(*sum, buffer, (size_t)got);
    offset += got;
  }
  free(buffer);
  return offset;
}
