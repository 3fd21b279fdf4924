// Trades through a granted ring, by cc_client.h and cc_table.h alone. Takes its orders from lines of stdin:
//
//   order SEQ ACCOUNT SYMBOL buy|sell QTY PRICE [market|ioc|fok|post|reduce|stop:PRICE]...   (mantissas; PRICE 0: none)
//   cancel SEQ TARGET | amend SEQ TARGET QTY PRICE
//   answer SEQ      waits for the answer and prints it
//   filled SEQ      waits until the order of an answer that was printed has filled
//   stream FROM TO ACCOUNT SYMBOL QTY PRICE   bids with these sequences, each with its answer
//   flood N         so many cancels of nothing, without taking answers
//   state           waits until the ring is no longer open
//
// Ends with its input. usage: ring SOCKET ROLE ACCOUNTS [live] [rate N]

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cc_client.h"
#include "cc_table.h"

static cc_client ring;
static cc_attachment tables;
/// The answers taken so far, by sequence.
static cc_reply answers[1 << 16];

static void rest(void) {
  struct timespec pause = {.tv_nsec = 200 * 1000};
  nanosleep(&pause, NULL);
}

static uint64_t account_named(const char *name) {
  cc_account_row row;
  for (uint64_t i = 0; i < cc_table_count(tables.base, cc_section_account); i++) {
    if (cc_read_row(tables.base, cc_section_account, i, &row) == cc_row_ok && strncmp(row.name.bytes, name, 32) == 0) {
      return row.account;
    }
  }
  return strtoull(name, NULL, 10);
}

static uint64_t instrument_named(const char *name) {
  cc_instrument_row row;
  for (uint64_t i = 0; i < cc_table_count(tables.base, cc_section_instrument); i++) {
    if (cc_read_row(tables.base, cc_section_instrument, i, &row) == cc_row_ok &&
        strncmp(row.name.bytes, name, 32) == 0) {
      return row.instrument;
    }
  }
  return strtoull(name, NULL, 10);
}

static void push(const cc_command *command) {
  int status;
  answers[command->sequence & 0xffff].outcome = 0;
  while ((status = cc_client_push(&ring, command)) == -EAGAIN) rest();
  if (status == 0) return;
  printf("push %s\n", status == -ECANCELED ? "revoked" : "closed");
  exit(3);
}

static void take_answers(void) {
  cc_reply reply;
  while (cc_client_poll(&ring, &reply)) answers[reply.sequence & 0xffff] = reply;
}

static const cc_reply *answer(uint64_t sequence) {
  for (;;) {
    take_answers();
    const cc_reply *found = &answers[sequence & 0xffff];
    if (found->outcome != 0 && found->sequence == sequence) return found;
    if (!cc_client_engine_lives(&ring)) {
      printf("engine died\n");
      exit(4);
    }
    rest();
  }
}

/// Of the sequences up to the last one taken, those whose commands made nothing.
static void print_missed(uint64_t first, uint64_t last) {
  take_answers();
  uint64_t missed = 0, reason = 0;
  for (uint64_t s = first; s <= last && s <= cc_client_recorded(&ring); s++) {
    const cc_reply *found = &answers[s & 0xffff];
    if (found->outcome != cc_reply_refused && found->outcome != cc_reply_unrecorded) continue;
    missed++;
    reason = found->reason;
  }
  printf("missed %" PRIu64 " %" PRIu64 "\n", missed, reason);
}

static void print_answer(uint64_t sequence) {
  static const char *const words[] = {"", "accepted", "refused", "replayed", "unrecorded"};
  const cc_reply *reply = answer(sequence);
  printf("answer %" PRIu64 " %s %" PRIu64 "\n", sequence, words[reply->outcome % 5], reply->reason);
}

static void wait_until_filled(uint64_t sequence) {
  uint64_t number = answer(sequence)->order_number;
  cc_order_row row;
  for (;;) {
    for (uint64_t i = 0; i < cc_table_count(tables.base, cc_section_order); i++) {
      if (cc_read_row(tables.base, cc_section_order, i, &row) != cc_row_ok || row.order_number != number) continue;
      if (row.filled == row.quantity) {
        printf("filled %.64s %" PRId64 "\n", row.id.bytes, row.filled);
        return;
      }
    }
    rest();
  }
}

static cc_command order(uint64_t sequence, const char *account, const char *symbol, const char *side, int64_t quantity,
                        int64_t price) {
  cc_command command = {.sequence = sequence, .kind = cc_command_order, .quantity = quantity, .price = price};
  command.account = account_named(account);
  command.instrument = instrument_named(symbol);
  command.side = strcmp(side, "buy") == 0 ? cc_side_buy : cc_side_sell;
  command.order_kind = cc_order_limit;
  command.time_in_force = cc_force_gtc;
  return command;
}

static void shape(cc_command *command, const char *word) {
  if (strcmp(word, "market") == 0) command->order_kind = cc_order_market, command->time_in_force = cc_force_ioc;
  if (strcmp(word, "ioc") == 0) command->time_in_force = cc_force_ioc;
  if (strcmp(word, "fok") == 0) command->time_in_force = cc_force_fok;
  if (strcmp(word, "post") == 0) command->flags |= cc_flag_post_only;
  if (strcmp(word, "reduce") == 0) command->flags |= cc_flag_reduce_only;
  if (strncmp(word, "stop:", 5) == 0) {
    command->stop_price = strtoll(word + 5, NULL, 10);
    command->order_kind = cc_order_stop_limit;
  }
}

static void run(char *line) {
  char *words[16] = {0};
  int count = 0;
  for (char *w = strtok(line, " \n"); w != NULL && count < 16; w = strtok(NULL, " \n")) words[count++] = w;
  if (count == 0) return;
  uint64_t first = count > 1 ? strtoull(words[1], NULL, 10) : 0;
  if (strcmp(words[0], "order") == 0 && count >= 7) {
    cc_command command =
        order(first, words[2], words[3], words[4], strtoll(words[5], NULL, 10), strtoll(words[6], NULL, 10));
    for (int i = 7; i < count; i++) shape(&command, words[i]);
    push(&command);
  } else if (strcmp(words[0], "cancel") == 0 && count == 3) {
    cc_command command = {.sequence = first, .kind = cc_command_cancel, .target = strtoull(words[2], NULL, 10)};
    push(&command);
  } else if (strcmp(words[0], "amend") == 0 && count == 5) {
    cc_command command = {.sequence = first, .kind = cc_command_amend, .target = strtoull(words[2], NULL, 10),
                          .quantity = strtoll(words[3], NULL, 10), .price = strtoll(words[4], NULL, 10)};
    push(&command);
  } else if (strcmp(words[0], "answer") == 0) {
    print_answer(first);
  } else if (strcmp(words[0], "filled") == 0) {
    wait_until_filled(first);
  } else if (strcmp(words[0], "stream") == 0 && count == 7) {
    uint64_t last = strtoull(words[2], NULL, 10);
    for (uint64_t s = first; s <= last; s++) {
      cc_command command =
          order(s, words[3], words[4], "buy", strtoll(words[5], NULL, 10), strtoll(words[6], NULL, 10));
      push(&command);
      take_answers();
    }
    while (answers[last & 0xffff].outcome == 0 && cc_client_engine_lives(&ring)) {
      take_answers();
      rest();
    }
    print_missed(first, last);
    print_answer(last);
  } else if (strcmp(words[0], "flood") == 0) {
    for (uint64_t i = 1; i <= first; i++) {
      cc_command command = {.sequence = 1000000 + i, .kind = cc_command_cancel, .target = 1};
      push(&command);
    }
    printf("dropped %s\n", cc_client_dropped(&ring) > 0 ? "some" : "none");
  } else if (strcmp(words[0], "state") == 0) {
    while (cc_client_state(&ring) == cc_client_open && cc_client_engine_lives(&ring)) rest();
    printf("state %" PRIu64 " %" PRIu64 "\n", cc_client_state(&ring), cc_client_reason(&ring));
  } else {
    printf("what is '%s'\n", words[0]);
    exit(2);
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  cc_client_request request = {.role = argv[2], .accounts = argv[3]};
  for (int i = 4; i < argc; i++) {
    if (strcmp(argv[i], "live") == 0) request.is_live = 1;
    if (strcmp(argv[i], "rate") == 0 && i + 1 < argc) request.rate = (uint32_t)atoi(argv[i + 1]);
  }
  if (cc_client_attach(argv[1], &request, &ring) < 0 || cc_attach_socket(argv[1], &tables) < 0) {
    printf("%s%s\n", ring.message, tables.message);
    return 1;
  }
  printf("attached %" PRIu64 "\n", ring.last_sequence);
  fflush(stdout);
  char line[1024];
  while (fgets(line, sizeof line, stdin) != NULL) run(line);
  cc_detach(&tables);
  cc_client_detach(&ring);
  return 0;
}
