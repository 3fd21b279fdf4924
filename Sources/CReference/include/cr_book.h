// A price-time book at its barest: a ladder indexed by price, queues linked by index, a bitmap of three levels for the
// best price, orders found by their number. No accounts, no acknowledgements, no icebergs.
#ifndef CR_BOOK_H
#define CR_BOOK_H

#include <stdint.h>

enum { cr_price_count = 1 << 18 };

/// What a flow asks for. `op`: 0 limit, 1 immediate or cancel, 2 cancel, 3 change of price.
typedef struct {
  uint8_t op, is_sell;
  uint16_t reserved;
  uint32_t quantity;
  uint32_t id, price;
} cr_flow_order;

typedef struct {
  uint32_t next, previous, price, quantity;
} cr_book_order;

typedef struct {
  uint32_t head, tail;
} cr_book_level;

typedef struct {
  cr_book_level levels[2][cr_price_count];
  uint64_t fine[2][cr_price_count / 64], middle[2][cr_price_count / 4096], top[2];
  cr_book_order *orders;
  uint8_t *sides;
  uint64_t order_count;
  uint64_t trades, volume, digest, unknown;
} cr_book;

/// A book for orders 1 to `order_count`; NULL without memory.
cr_book *cr_book_make(uint64_t order_count);
void cr_book_free(cr_book *book);
/// Forgets all orders and sums.
void cr_book_clear(cr_book *book);
void cr_book_apply(cr_book *book, const cr_flow_order *orders, uint64_t count);

#endif
