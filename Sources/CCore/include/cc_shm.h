// Memory shared between processes: named regions for the journal ring, sealed anonymous ones for tables and rings.
#ifndef CC_SHM_H
#define CC_SHM_H

#include <stddef.h>
#include <stdint.h>

/// Creates a named region (O_EXCL, 0600) of `length` zero bytes, maps it and touches every page.
int cc_shm_create(const char *name, size_t length, void **base, int *descriptor);
/// Maps an existing named region; refuses one that another user owns, that others may read, or that is a link.
int cc_shm_open(const char *name, size_t *length, void **base, int *descriptor);
int cc_shm_unlink(const char *name);
/// Gives a region that has lost its name a new one: a new file (O_EXCL, 0600) with the same bytes, locked, takes its place
/// at the same addresses and behind the same descriptor. Nobody may write to the region meanwhile; readers notice nothing.
int cc_shm_renew(const char *name, void *base, size_t length, int descriptor);
int cc_shm_unmap(void *base, size_t length, int descriptor);
/// A sealed memfd (no shrink, no grow, no new seals) of `length` zero bytes, mapped read-write here. `read_only` gets a
/// second descriptor that can only be mapped for reading; it is what clients are handed.
int cc_shm_anonymous(const char *label, size_t length, void **base, int *descriptor, int *read_only);
/// Maps a descriptor received from another process, after checking its seals.
int cc_shm_attach(int descriptor, int writable, size_t *length, void **base);

#endif
