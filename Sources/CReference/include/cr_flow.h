// Deterministic order flows that any matching engine can replay.
#ifndef CR_FLOW_H
#define CR_FLOW_H

#include <stdint.h>

#include "cr_book.h"

enum {
  /// 82 % changes of price, 9 % new orders, 6 % cancels, 3 % immediate ones; about 1,000 orders rest.
  cr_flow_move = 0,
  /// 48 % new orders, 44 % cancels, 8 % immediate ones.
  cr_flow_churn = 1,
  /// New orders over fourteen prices, about half of them trading.
  cr_flow_cross = 2,
};

/// Writes `count` orders to `out`; 0, or -ENOMEM.
int cr_flow_make(int mix, cr_flow_order *out, uint64_t count);

#endif
