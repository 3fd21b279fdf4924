#include "cc_zstd.h"

#include <errno.h>
#include <zstd.h>

size_t cc_zstd_bound(size_t length) { return ZSTD_compressBound(length); }

int64_t cc_zstd_compress(const void *from, size_t length, void *to, size_t capacity, int level) {
  ZSTD_CCtx *context = ZSTD_createCCtx();
  if (!context) return -ENOMEM;
  size_t used = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  if (!ZSTD_isError(used)) used = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (ZSTD_isError(used)) {
    ZSTD_freeCCtx(context);
    return -EINVAL;
  }
  used = ZSTD_compress2(context, to, capacity, from, length);
  ZSTD_freeCCtx(context);
  return ZSTD_isError(used) ? -ENOSPC : (int64_t)used;
}

int64_t cc_zstd_expand(const void *from, size_t length, void *to, size_t capacity) {
  size_t frame = ZSTD_findFrameCompressedSize(from, length);
  if (ZSTD_isError(frame) || frame != length) return -EBADMSG;
  size_t made = ZSTD_decompress(to, capacity, from, length);
  return ZSTD_isError(made) ? -EBADMSG : (int64_t)made;
}
