// A pre-trade check of fourteen tests on one line of memory per account, instrument and pair, and nothing else.
#ifndef CR_CHECK_H
#define CR_CHECK_H

#include <stdint.h>

enum { cr_account_rows = 256, cr_instrument_rows = 512 };

/// Amounts, prices and sizes are integers of 1e-8.
typedef struct {
  int64_t position, open_buy, open_sell, position_max, notional_max, notional, day_pnl, loss_max;
} cr_pair_row;

typedef struct {
  int64_t balance, reserved, notional, notional_max, tokens, rate, tokens_max, last_time;
  uint32_t flags, open_orders, open_orders_max, padding;
} cr_account_row;

typedef struct {
  int64_t bid, ask, tick, lot, notional_min, quantity_max, band, last_time;
} cr_instrument_row;

typedef struct {
  uint32_t account, instrument;
  int64_t price, quantity;
  uint32_t is_sell, padding;
} cr_check_order;

typedef struct {
  cr_account_row accounts[cr_account_rows];
  cr_instrument_row instruments[cr_instrument_rows];
  cr_pair_row pairs[cr_account_rows * cr_instrument_rows];
  volatile uint32_t is_killed;
} cr_check_tables;

/// Limits that nothing meets.
void cr_check_fill(cr_check_tables *tables);
/// 0: passes; else the number of the test that refuses.
int cr_check(cr_check_tables *tables, const cr_check_order *order, int64_t time);
/// Checks `count` orders of `orders` (a power of two of them) from `first` on; the checks may overlap. Returns how many
/// were refused.
uint64_t cr_check_many(cr_check_tables *tables, const cr_check_order *orders, uint64_t order_count, uint64_t first,
                       uint64_t count);
/// The same, each check waiting for the one before.
uint64_t cr_check_chained(cr_check_tables *tables, const cr_check_order *orders, uint64_t order_count, uint64_t first,
                          uint64_t count);

/// `value`, once everything before is done: nothing after this starts earlier.
static inline uint32_t cr_wait(uint32_t value) {
#if defined(__x86_64__)
  __asm__ volatile("lfence" : "+r"(value) : : "memory");
#else
  __asm__ volatile("isb" : "+r"(value) : : "memory");
#endif
  return value;
}

#endif
