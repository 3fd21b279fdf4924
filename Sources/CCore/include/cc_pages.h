// Zero memory for large tables: it costs nothing until it is written.
#ifndef CC_PAGES_H
#define CC_PAGES_H

#include <stddef.h>

/// At least `length` zero bytes on a page boundary; NULL when there are none. Large ones ask for large pages, so that a
/// row in the middle of a hundred megabytes is found without a walk through the page tables.
void *cc_pages_reserve(size_t length);
/// Gives back what was reserved with the same `length`.
void cc_pages_release(void *base, size_t length);

/// Gives memory back to the system that was freed and that the allocator keeps.
void cc_pages_trim(void);

#endif
