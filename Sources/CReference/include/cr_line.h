// One cache line that goes to the other CPU and back: the floor under every ring.
#ifndef CR_LINE_H
#define CR_LINE_H

#include <stdatomic.h>
#include <stdint.h>

/// Each word has the line it lies on, and the one that is fetched with it, for itself.
typedef struct {
  _Atomic uint64_t request;
  uint8_t pad_request[120];
  _Atomic uint64_t answer;
  uint8_t pad_answer[120];
} cr_line;

/// Sends `rounds` requests, each after the answer to the one before. `from` is the number of the first.
void cr_line_ask(cr_line *line, uint64_t from, uint64_t rounds);
/// Answers as many.
void cr_line_answer(cr_line *line, uint64_t from, uint64_t rounds);

#endif
