#include "cr_flow.h"

#include <errno.h>
#include <stdlib.h>

// Orders that rest, in no order, each knowing its place, so that any of them can be drawn and dropped at once.
typedef struct {
  uint64_t random;
  uint32_t *resting;
  uint32_t *place;
  uint32_t resting_count;
} flow_state;

static void drop(flow_state *f, uint32_t id) {
  uint32_t at = f->place[id];
  if (at == 0) return;
  f->resting[at] = f->resting[f->resting_count];
  f->place[f->resting[at]] = at;
  f->resting_count--;
  f->place[id] = 0;
}

#define CR_ORDER_FILLED(context, id) drop(context, id)
#include "book_core.h"

static uint32_t draw(flow_state *f, uint32_t below) {
  f->random ^= f->random << 13;
  f->random ^= f->random >> 7;
  f->random ^= f->random << 17;
  return (uint32_t)((f->random >> 16) % below);
}

static uint8_t draw_op(const flow_state *f, int mix, uint32_t percent) {
  if (mix == cr_flow_cross || f->resting_count < 950) return 0;
  if (f->resting_count > 1050 && percent < 50) return 2;
  if (mix == cr_flow_move) return percent < 82 ? 3 : percent < 91 ? 0 : percent < 97 ? 2 : 1;
  return percent < 48 ? 0 : percent < 92 ? 2 : 1;
}

static void follow(flow_state *f, cr_book *b, const cr_flow_order *o) {
  uint32_t left = o->quantity;
  if (o->op >= 2) {
    left = b->orders[o->id].quantity;
    remove_order(b, o->id, o->is_sell);
    if (o->op == 2) return drop(f, o->id);
  }
  left = match_order(b, o->id, o->is_sell, o->price, left, f);
  if (o->op == 3) {
    if (left != 0) rest_order(b, o->id, o->is_sell, o->price, left);
    else drop(f, o->id);
  } else if (o->op == 0 && left != 0) {
    rest_order(b, o->id, o->is_sell, o->price, left);
    f->resting[++f->resting_count] = o->id;
    f->place[o->id] = f->resting_count;
  }
}

static void make_orders(flow_state *f, cr_book *b, int mix, cr_flow_order *out, uint64_t count) {
  uint32_t next_id = 1;
  double middle = 100000;
  for (uint64_t i = 0; i < count; i++) {
    uint32_t percent = draw(f, 100);
    middle += ((int)draw(f, 3) - 1) * 0.02;
    cr_flow_order o = {.op = draw_op(f, mix, percent)};
    // Most orders lie near the market: the distance is quadratic.
    uint32_t u = draw(f, 1000);
    uint32_t distance = (uint32_t)((uint64_t)u * u * 375 / 1000000);
    int crosses = draw(f, 100) < 5;
    o.quantity = 1 + draw(f, 100);
    if (o.op >= 2) {
      o.id = f->resting[1 + draw(f, f->resting_count)];
      o.is_sell = b->sides[o.id];
    } else {
      o.is_sell = (uint8_t)draw(f, 2);
      o.id = next_id++;
    }
    int64_t offset = o.op == 1 || crosses ? -(int64_t)(1 + draw(f, 3)) : (int64_t)(1 + distance);
    o.price = (uint32_t)((int64_t)middle + (o.is_sell ? offset : -offset));
    if (mix == cr_flow_cross) {
      o.price = (o.is_sell ? 1884 : 1880) + draw(f, 10);
      o.quantity = (draw(f, 10) + 1) * 100;
    }
    follow(f, b, &o);
    out[i] = o;
  }
}

int cr_flow_make(int mix, cr_flow_order *out, uint64_t count) {
  cr_book *book = cr_book_make(count);
  flow_state state = {.random = 0x9E3779B97F4A7C15ull};
  state.resting = calloc(count + 2, sizeof *state.resting);
  state.place = calloc(count + 2, sizeof *state.place);
  int status = -ENOMEM;
  if (book != NULL && state.resting != NULL && state.place != NULL) {
    make_orders(&state, book, mix, out, count);
    status = 0;
  }
  cr_book_free(book);
  free(state.resting);
  free(state.place);
  return status;
}
