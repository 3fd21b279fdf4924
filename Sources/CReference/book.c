#include "cr_book.h"

#include <stdlib.h>
#include <string.h>

#include "book_core.h"

cr_book *cr_book_make(uint64_t order_count) {
  cr_book *b = calloc(1, sizeof *b);
  if (b == NULL) return NULL;
  b->order_count = order_count + 1;
  b->orders = aligned_alloc(64, (b->order_count * sizeof *b->orders + 63) & ~(size_t)63);
  b->sides = malloc(b->order_count);
  if (b->orders == NULL || b->sides == NULL) {
    cr_book_free(b);
    return NULL;
  }
  cr_book_clear(b);
  return b;
}

void cr_book_free(cr_book *b) {
  if (b == NULL) return;
  free(b->orders);
  free(b->sides);
  free(b);
}

void cr_book_clear(cr_book *b) {
  memset(b->levels, 0, sizeof b->levels);
  memset(b->fine, 0, sizeof b->fine);
  memset(b->middle, 0, sizeof b->middle);
  memset(b->top, 0, sizeof b->top);
  memset(b->orders, 0, b->order_count * sizeof *b->orders);
  memset(b->sides, 0, b->order_count);
  b->trades = b->volume = b->digest = b->unknown = 0;
}

static void change_price(cr_book *b, const cr_flow_order *o) {
  uint32_t left = b->orders[o->id].quantity;
  remove_order(b, o->id, o->is_sell);
  left = match_order(b, o->id, o->is_sell, o->price, left, NULL);
  if (left != 0) rest_order(b, o->id, o->is_sell, o->price, left);
}

void cr_book_apply(cr_book *b, const cr_flow_order *orders, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    const cr_flow_order *o = &orders[i];
    switch (o->op) {
    case 0: {
      uint32_t left = match_order(b, o->id, o->is_sell, o->price, o->quantity, NULL);
      if (left != 0) rest_order(b, o->id, o->is_sell, o->price, left);
      break;
    }
    case 1: match_order(b, o->id, o->is_sell, o->price, o->quantity, NULL); break;
    case 2:
      if (b->orders[o->id].quantity != 0) remove_order(b, o->id, o->is_sell);
      else b->unknown++;
      break;
    default:
      if (b->orders[o->id].quantity != 0) change_price(b, o);
      else b->unknown++;
    }
  }
}
