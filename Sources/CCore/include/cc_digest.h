// The running digest of memory that changes row by row: what two state machines hold against each other.
#ifndef CC_DIGEST_H
#define CC_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/// A row that may have changed since the last commit.
typedef struct {
  const void *row;
  /// What the digest knows of the row: the upper 63 bits of its hash, 0 for a row of zeros. Bit 0 says that the row is
  /// in a list of touched rows.
  uint64_t *mark;
  /// Kind and number of the row: different for all rows of one state.
  uint64_t place;
  uint64_t bytes;
} cc_touched_row;

/// Both halves of the sum over changed rows.
typedef struct {
  uint64_t low;
  uint64_t high;
} cc_digest_sum;

/// Hashes each row anew; those that differ from their mark are added to the sum. Marks are then up to date, with bit 0
/// clear. Rows are whole 64-bit words. The order of the rows does not matter.
///
/// The hash is bijective in every 16 bytes of a row: no change inside them goes unseen.
cc_digest_sum cc_digest_rows(const cc_touched_row *rows, size_t count);

/// The mark that a row of this content has.
uint64_t cc_digest_mark(const void *row, uint64_t place, uint64_t bytes);

/// The same with the AES instructions for one block at a time, and without any. Tests hold them against each other.
cc_digest_sum cc_digest_rows_narrow(const cc_touched_row *rows, size_t count);
cc_digest_sum cc_digest_rows_portable(const cc_touched_row *rows, size_t count);

#endif
