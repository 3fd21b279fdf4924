// Who owns a piece of shared memory, and whether that process is still there.
#ifndef CC_OWNER_H
#define CC_OWNER_H

#include <stddef.h>
#include <stdint.h>

/// A process, named so that its number, used again by another one, is not mistaken for it.
typedef struct {
  uint32_t pid;
  uint32_t reserved;
  /// Clock ticks from the start of the machine to that of the process.
  uint64_t start_ticks;
  uint8_t boot_id[16];
} cc_owner;

_Static_assert(sizeof(cc_owner) == 32, "written into shared memory");

#define CC_REGION_MAGIC 0x6e6f6967657273ull
#define CC_REGION_HEADER_BYTES 4096

/// First page of a named region that outlives its owner. Magic, version and owner stand here in every version.
typedef struct {
  uint64_t magic;
  /// Of what lies behind this page.
  uint32_t version;
  uint32_t reserved;
  uint64_t body_bytes;
  uint64_t reserved_b;
  char instance[32];
  /// All zero: let go in good order.
  cc_owner owner;
} cc_region_header;

_Static_assert(offsetof(cc_region_header, owner) == 64, "found by every version");

/// The calling process.
int cc_owner_self(cc_owner *out);
/// 1: it runs. 0: it has ended, or the machine has restarted since. Negative errno: cannot be told (treat as running).
int cc_owner_alive(const cc_owner *owner);

#endif
