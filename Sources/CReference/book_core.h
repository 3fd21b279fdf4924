// The matching that the book and the generator of flows share. The including file says what becomes of a filled order.
#ifndef CR_BOOK_CORE_H
#define CR_BOOK_CORE_H

#include "cr_book.h"

#ifndef CR_ORDER_FILLED
#define CR_ORDER_FILLED(context, id) ((void)0)
#endif

static inline void mark_level(cr_book *b, int side, uint32_t price) {
  b->fine[side][price >> 6] |= 1ull << (price & 63);
  b->middle[side][price >> 12] |= 1ull << ((price >> 6) & 63);
  b->top[side] |= 1ull << (price >> 12);
}

static inline void clear_level(cr_book *b, int side, uint32_t price) {
  if ((b->fine[side][price >> 6] &= ~(1ull << (price & 63))) != 0) return;
  if ((b->middle[side][price >> 12] &= ~(1ull << ((price >> 6) & 63))) != 0) return;
  b->top[side] &= ~(1ull << (price >> 12));
}

/// Highest bid or lowest ask; -1 when the side is empty.
static inline int64_t best_price(const cr_book *b, int side) {
  if (b->top[side] == 0) return -1;
  if (side == 0) {
    uint32_t high = 63 - (uint32_t)__builtin_clzll(b->top[0]);
    uint32_t mid = high << 6 | (63 - (uint32_t)__builtin_clzll(b->middle[0][high]));
    return mid << 6 | (63 - (uint32_t)__builtin_clzll(b->fine[0][mid]));
  }
  uint32_t high = (uint32_t)__builtin_ctzll(b->top[1]);
  uint32_t mid = high << 6 | (uint32_t)__builtin_ctzll(b->middle[1][high]);
  return mid << 6 | (uint32_t)__builtin_ctzll(b->fine[1][mid]);
}

static inline void link_order(cr_book *b, uint32_t id, int side, uint32_t price) {
  cr_book_order *o = &b->orders[id];
  cr_book_level *level = &b->levels[side][price];
  o->price = price;
  o->next = 0;
  o->previous = level->tail;
  if (level->tail != 0) {
    b->orders[level->tail].next = id;
  } else {
    level->head = id;
    mark_level(b, side, price);
  }
  level->tail = id;
  b->sides[id] = (uint8_t)side;
}

static inline void unlink_order(cr_book *b, uint32_t id, int side) {
  cr_book_order *o = &b->orders[id];
  cr_book_level *level = &b->levels[side][o->price];
  if (o->previous != 0) b->orders[o->previous].next = o->next;
  else level->head = o->next;
  if (o->next != 0) b->orders[o->next].previous = o->previous;
  else level->tail = o->previous;
  if (level->head == 0) clear_level(b, side, o->price);
}

/// Trades against the other side up to `price`; returns what is left.
static inline uint32_t match_order(cr_book *b, uint32_t id, int side, uint32_t price, uint32_t quantity,
                                   void *context) {
  (void)context;
  for (;;) {
    int64_t best = best_price(b, !side);
    if (best < 0 || (side == 0 ? best > price : best < price)) return quantity;
    cr_book_level *level = &b->levels[!side][best];
    while (level->head != 0) {
      uint32_t maker = level->head;
      cr_book_order *o = &b->orders[maker];
      uint32_t part = quantity < o->quantity ? quantity : o->quantity;
      quantity -= part;
      o->quantity -= part;
      b->trades++;
      b->volume += part;
      b->digest += (uint64_t)best * part + (uint64_t)maker * 31 + (uint64_t)id * 17;
      if (o->quantity == 0) {
        CR_ORDER_FILLED(context, maker);
        level->head = o->next;
        if (o->next != 0) b->orders[o->next].previous = 0;
        else level->tail = 0;
      }
      if (quantity == 0) {
        if (level->head == 0) clear_level(b, !side, (uint32_t)best);
        return 0;
      }
    }
    clear_level(b, !side, (uint32_t)best);
  }
}

static inline void rest_order(cr_book *b, uint32_t id, int side, uint32_t price, uint32_t quantity) {
  b->orders[id].quantity = quantity;
  link_order(b, id, side, price);
}

static inline void remove_order(cr_book *b, uint32_t id, int side) {
  unlink_order(b, id, side);
  b->orders[id].quantity = 0;
}

#endif
