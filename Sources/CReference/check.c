#include "cr_check.h"

enum { unlimited_shift = 60 };

void cr_check_fill(cr_check_tables *t) {
  const int64_t unlimited = (int64_t)1 << unlimited_shift;
  t->is_killed = 0;
  for (int i = 0; i < cr_account_rows; i++) {
    t->accounts[i] = (cr_account_row){.balance = unlimited, .notional_max = unlimited, .tokens = 1 << 30,
                                      .rate = 1 << 20, .tokens_max = 1 << 30, .open_orders = 3, .open_orders_max = 1000};
  }
  for (int i = 0; i < cr_instrument_rows; i++) {
    t->instruments[i] = (cr_instrument_row){.bid = 5000000000000, .ask = 5000010000000, .tick = 1000000, .lot = 1000,
                                            .notional_min = 500000000, .quantity_max = 100000000000, .last_time = 1};
  }
  for (int i = 0; i < cr_account_rows * cr_instrument_rows; i++) {
    t->pairs[i] = (cr_pair_row){.position_max = (int64_t)1 << 50, .notional_max = unlimited, .loss_max = (int64_t)1 << 50};
  }
}

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

static int64_t refilled(cr_account_row *a, int64_t time) {
  int64_t tokens = a->tokens + (((time - a->last_time) * a->rate) >> 20);
  a->last_time = time;
  return tokens > a->tokens_max ? a->tokens_max : tokens;
}

__attribute__((noinline)) int cr_check(cr_check_tables *t, const cr_check_order *o, int64_t time) {
  cr_account_row *a = &t->accounts[o->account & (cr_account_rows - 1)];
  cr_instrument_row *s = &t->instruments[o->instrument & (cr_instrument_rows - 1)];
  cr_pair_row *p = &t->pairs[(o->account & (cr_account_rows - 1)) * cr_instrument_rows +
                             (o->instrument & (cr_instrument_rows - 1))];
  if (t->is_killed | a->flags) return 1;
  int64_t tokens = refilled(a, time);
  if (tokens < 1000) return 2;
  a->tokens = tokens;
  if (time - s->last_time > 2000000000) return 3;
  if (o->quantity <= 0 || o->quantity > s->quantity_max || o->price <= 0) return 4;
  if (((uint64_t)o->price % (uint64_t)s->tick) | ((uint64_t)o->quantity % (uint64_t)s->lot)) return 5;
  uint64_t notional = (uint64_t)((unsigned __int128)(uint64_t)o->price * (uint64_t)o->quantity / 100000000u);
  if (notional < (uint64_t)s->notional_min) return 6;
  int64_t reference = o->is_sell ? s->bid : s->ask;
  if (magnitude(o->price - reference) > (reference >> 4)) return 7;
  int64_t after = o->is_sell ? p->position - p->open_sell - o->quantity : p->position + p->open_buy + o->quantity;
  if (magnitude(after) > p->position_max) return 8;
  if (p->notional + (int64_t)notional > p->notional_max) return 9;
  if (a->notional + (int64_t)notional > a->notional_max) return 10;
  if (p->day_pnl < -p->loss_max) return 11;
  if (a->open_orders >= a->open_orders_max) return 12;
  if (a->balance - a->reserved < (int64_t)notional) return 13;
  if (o->is_sell ? p->open_buy && o->price <= s->bid - (s->bid >> 5)
                 : p->open_sell && o->price >= s->ask + (s->ask >> 5)) {
    return 14;
  }
  return 0;
}

uint64_t cr_check_many(cr_check_tables *t, const cr_check_order *orders, uint64_t order_count, uint64_t first,
                       uint64_t count) {
  uint64_t refused = 0;
  for (uint64_t i = first; i < first + count; i++) refused += cr_check(t, &orders[i & (order_count - 1)], (int64_t)i) != 0;
  return refused;
}

uint64_t cr_check_chained(cr_check_tables *t, const cr_check_order *orders, uint64_t order_count, uint64_t first,
                          uint64_t count) {
  uint64_t refused = 0;
  uint32_t last = 0;
  for (uint64_t i = first; i < first + count; i++) {
    last = (uint32_t)cr_check(t, &orders[((uint32_t)i * 40503u + last) & (order_count - 1)], (int64_t)i);
    refused += last != 0;
    last = cr_wait(last);
  }
  return refused;
}
