#include "cr_line.h"

// A pause would be kind to a sibling thread, and would cost the floor its meaning.
static void wait_for(_Atomic uint64_t *word, uint64_t value) {
  while (atomic_load_explicit(word, memory_order_acquire) != value) {
  }
}

void cr_line_ask(cr_line *line, uint64_t from, uint64_t rounds) {
  for (uint64_t i = from; i < from + rounds; i++) {
    atomic_store_explicit(&line->request, i, memory_order_release);
    wait_for(&line->answer, i);
  }
}

void cr_line_answer(cr_line *line, uint64_t from, uint64_t rounds) {
  for (uint64_t i = from; i < from + rounds; i++) {
    wait_for(&line->request, i);
    atomic_store_explicit(&line->answer, i, memory_order_release);
  }
}
