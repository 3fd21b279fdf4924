// The other process of the two-process tests: a ring's producer or consumer, an engine that hands out tables, or a
// writer to whom faults happen.

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cc_ring.h"
#include "cc_shm.h"
#include "cc_sys.h"
#include "cc_table.h"

static cc_ring_header *open_ring(const char *name) {
  size_t length;
  void *base;
  int descriptor;
  if (cc_shm_open(name, &length, &base, &descriptor) < 0) exit(2);
  return base;
}

_Noreturn static void produce(const char *name) {
  cc_ring_header *ring = open_ring(name);
  uint64_t tail = cc_ring_tail_acquire(ring);
  // The producer before may have died between its message and its count.
  const uint8_t *slot = (const uint8_t *)(ring + 1) + (tail & (ring->capacity - 1)) * cc_ring_slot_bytes(40);
  if (cc_ring_sequence_acquire(slot + 40) == tail + 1) cc_ring_tail_release(ring, ++tail);
  for (;;) {
    uint64_t message[5] = {tail, tail * 3, 0, 0, ~tail};
    if (!cc_ring_try_push(ring, &tail, message)) sched_yield();
  }
}

static int consume(const char *name) {
  cc_ring_header *ring = open_ring(name);
  uint64_t head = cc_ring_head_acquire(ring);
  for (;;) {
    uint64_t message[5], expected = head;
    if (!cc_ring_try_pop(ring, &head, message)) {
      sched_yield();
      continue;
    }
    if (message[0] != expected || message[1] != expected * 3 || message[4] != ~expected) return 1;
  }
}

static cc_position_row position(const char *account, const char *instrument, int64_t tenths, uint64_t lsn) {
  cc_position_row row;
  memset(&row, 0, sizeof row);
  strncpy(row.account_name.bytes, account, sizeof row.account_name.bytes - 1);
  strncpy(row.instrument_name.bytes, instrument, sizeof row.instrument_name.bytes - 1);
  __int128 quantity = (__int128)tenths * 100000000000000000;
  __int128 entry = tenths == 0 ? 0 : (__int128)6000025 * 10000000000000000;
  row.quantity = (cc_amount){.low = (uint64_t)quantity, .high = (int64_t)(quantity >> 64)};
  row.entry_price = (cc_amount){.low = (uint64_t)entry, .high = (int64_t)(entry >> 64)};
  row.lsn = lsn;
  return row;
}

// Serves one client. The socket gets its name when it listens.
static int serve(const char *path, int other_layout) {
  const uint64_t rows[CC_TABLE_SECTIONS] = {4, 4, 4, 4, 4, 4, 1};
  void *base;
  int descriptor, reader;
  if (cc_shm_anonymous("tables", cc_table_bytes(rows), &base, &descriptor, &reader) < 0) return 2;
  if (cc_table_init(base, rows, "peer", 1) < 0) return 2;
  cc_position_row first = position("binance-main", "BTC-USDT-PERP", -15, 41);
  cc_position_row second = position("okx-main", "ETH-USDT", 0, 42);
  cc_table_write(base, cc_section_position, 0, &first);
  cc_table_write(base, cc_section_position, 2, &second);
  if (other_layout) ((cc_table_header *)base)->layout_version = 2;
  char hidden[108];
  snprintf(hidden, sizeof hidden, "%s.new", path);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, hidden, strlen(hidden));
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0) return 2;
  if (rename(hidden, path) != 0) return 2;
  int client = accept(listener, NULL, NULL);
  char request[64] = {0};
  if (read(client, request, sizeof request - 1) < 0 || strcmp(request, "{\"req\":1,\"op\":\"attach\"}\n") != 0) return 3;
  static const char reply[] = "{\"ok\":true}\n";
  if (cc_fd_send(client, reader, reply, sizeof reply - 1) < 0) return 4;
  for (;;) pause();
}

static int faults(const char *directory) {
  char path[256];
  snprintf(path, sizeof path, "%s/journal", directory);
  int journal = cc_sys_open(path, cc_open_write | cc_open_create, 0600);
  snprintf(path, sizeof path, "%s/other", directory);
  int other = cc_sys_open(path, cc_open_write | cc_open_create, 0600);
  if (journal < 0 || other < 0) return 1;
  if (cc_sys_pwrite(journal, "12345678", 8, 0) != 8) return 2;
  if (cc_sys_pwrite(journal, "12345678", 8, 8) != -ENOSPC) return 3;
  if (cc_sys_pwrite(journal, "12345678", 8, 8) != 8) return 4;
  if (cc_sys_pwrite(other, "12345678", 8, 0) != 3) return 5;
  if (cc_sys_fdatasync(journal) != -EIO || cc_sys_fdatasync(journal) != -EIO) return 6;
  return cc_sys_fdatasync(other) == 0 ? 0 : 7;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  if (strcmp(argv[1], "produce") == 0) produce(argv[2]);
  if (strcmp(argv[1], "consume") == 0) return consume(argv[2]);
  if (strcmp(argv[1], "serve") == 0) return serve(argv[2], 0);
  if (strcmp(argv[1], "serve-other") == 0) return serve(argv[2], 1);
  if (strcmp(argv[1], "faults") == 0) return faults(argv[2]);
  return 2;
}
