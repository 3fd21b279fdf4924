// Memory for keys: locked, never dumped, wiped in a forked child, with pages around it that nobody may touch.
#ifndef CC_SECRET_H
#define CC_SECRET_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  /// The usable bytes.
  void *base;
  size_t length;
  /// What was mapped, guard pages included.
  void *mapped;
  size_t mapped_length;
  /// 1: the kernel keeps it out of swap.
  uint32_t is_locked;
  uint32_t reserved;
} cc_secret_arena;

/// Maps at least `length` zero bytes. When the limit on locked memory is too low: -ENOMEM or -EPERM and no arena, unless
/// `unlocked` allows one that may reach the swap space.
int cc_secret_open(cc_secret_arena *arena, size_t length, int unlocked);
/// Wipes and unmaps.
void cc_secret_close(cc_secret_arena *arena);
/// Overwrites with zeros; the compiler cannot leave it out.
void cc_secret_wipe(void *bytes, size_t length);
/// 1 when equal. The time depends on the length alone.
int cc_secret_equal(const void *a, const void *b, size_t length);

#endif
