// Prints the positions of a running engine, as a program outside would: by the C header alone.
//
//   attach SOCKET           positions once
//   attach SOCKET --rows N  stops with status 3 unless there are N positions
//   attach SOCKET --watch   stays until the engine has ended, then says DEAD and stops with status 4

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cc_table.h"

// An amount in units of 10^-18 as a plain decimal.
static void print_amount(cc_amount amount) {
  __int128 units = (__int128)amount.high << 64 | amount.low;
  unsigned __int128 rest = units < 0 ? -(unsigned __int128)units : (unsigned __int128)units;
  char digits[48];
  int at = sizeof digits;
  digits[--at] = 0;
  for (int place = 0; place < 19 || rest != 0; place++) {
    if (place == 18) digits[--at] = '.';
    digits[--at] = (char)('0' + (int)(rest % 10));
    rest /= 10;
  }
  int end = (int)sizeof digits - 2;
  while (digits[end] == '0') digits[end--] = 0;
  if (digits[end] == '.') digits[end] = 0;
  printf("%s%s", units < 0 ? "-" : "", digits + at);
}

static void rest(void) {
  const struct timespec pause = {.tv_nsec = 5000000};
  nanosleep(&pause, NULL);
}

// Stale may pass, here and below: the engine may only be held up.
static int read_patiently(const void *base, uint64_t index, cc_position_row *row) {
  int status = cc_row_stale;
  for (int i = 0; i < 1000 && status == cc_row_stale; i++) {
    if (i > 0) rest();
    status = cc_read_row(base, cc_section_position, index, row);
  }
  return status;
}

static int print_positions(const void *base) {
  int printed = 0;
  uint64_t count = cc_table_count(base, cc_section_position);
  for (uint64_t i = 0; i < count; i++) {
    cc_position_row row;
    int status = read_patiently(base, i, &row);
    if (status == cc_row_empty) continue;
    if (status != cc_row_ok) {
      fprintf(stderr, "row %" PRIu64 ": the engine %s\n", i, status == cc_row_dead ? "has ended" : "is stuck");
      return -1;
    }
    printf("%.32s\t%.32s\t", row.account_name.bytes, row.instrument_name.bytes);
    print_amount(row.quantity);
    printf("\t");
    print_amount(row.entry_price);
    printf("\t%" PRIu64 "\n", row.lsn);
    printed++;
  }
  return printed;
}

static int watch(const void *base) {
  fflush(stdout);
  while (cc_table_owner(base) != cc_row_dead) rest();
  printf("DEAD\n");
  return 4;
}

int main(int argc, char **argv) {
  int watches = argc == 3 && strcmp(argv[2], "--watch") == 0;
  if (argc != 2 && !watches && !(argc == 4 && strcmp(argv[2], "--rows") == 0)) {
    fprintf(stderr, "usage: attach SOCKET [--rows N | --watch]\n");
    return 2;
  }
  cc_attachment tables;
  if (cc_attach_socket(argv[1], &tables) < 0) {
    fprintf(stderr, "%s\n", tables.message);
    return 1;
  }
  int printed = print_positions(tables.base);
  int ended = printed >= 0 && watches ? watch(tables.base) : 0;
  cc_detach(&tables);
  if (printed < 0) return 1;
  if (ended != 0) return ended;
  return argc == 4 && printed != atoi(argv[3]) ? 3 : 0;
}
