// Compression of closed segments and old snapshots, by libzstd.
#ifndef CC_ZSTD_H
#define CC_ZSTD_H

#include <stddef.h>
#include <stdint.h>

/// Room that the compressed form of `length` bytes can need at most.
size_t cc_zstd_bound(size_t length);
/// Compresses into one frame that carries its length and a checksum. Returns the bytes used, or -ENOSPC, -EINVAL.
int64_t cc_zstd_compress(const void *from, size_t length, void *to, size_t capacity, int level);
/// Expands one frame of exactly `length` bytes. Returns the bytes made, or -EBADMSG for anything but such a frame.
int64_t cc_zstd_expand(const void *from, size_t length, void *to, size_t capacity);

#endif
