// A client that was granted a ring and writes into it whatever it likes. Prints what the engine says about it.
//
// usage: hostile SOCKET ROLE WAY, where WAY is one of the functions below; SEED may follow.

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cc_client.h"
#include "cc_net.h"
#include "cc_thread.h"

static cc_client ring;
static uint64_t seed = 1;

static uint64_t draw(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}

static cc_ring_header *commands(void) {
  return (cc_ring_header *)((uint8_t *)ring.base + cc_client_commands_offset());
}
static cc_ring_header *replies(void) { return (cc_ring_header *)((uint8_t *)ring.base + cc_client_replies_offset()); }

static uint8_t *slot(uint64_t position) {
  return (uint8_t *)(commands() + 1) + (position % CC_CLIENT_SLOTS) * cc_ring_slot_bytes(sizeof(cc_command));
}

static cc_command sound(uint64_t sequence) {
  return (cc_command){.sequence = sequence, .kind = cc_command_order, .account = 1, .instrument = 1,
                      .side = cc_side_buy, .order_kind = cc_order_limit, .time_in_force = cc_force_gtc,
                      .quantity = 1000, .price = 3000000};
}

static void wake(void) { cc_event_signal(ring.bell); }

/// A slot number that no producer writes.
static void positions(void) {
  cc_ring_sequence_release(slot(0) + cc_ring_sequence_offset(sizeof(cc_command)), 77);
  wake();
}

/// The consumer of answers claims to be ahead of their producer.
static void answers(void) {
  cc_ring_head_release(replies(), 1ull << 40);
  for (uint64_t i = 1; i <= 3000; i++) {
    cc_command command = {.sequence = i, .kind = cc_command_cancel, .target = 9};
    while (cc_client_push(&ring, &command) == -EAGAIN) cc_thread_yield();
  }
}

/// Constants of the rings: sizes, capacities, magic. The engine never reads them back, so nothing happens.
static void headers(void) {
  memset(commands(), 0xee, 128);
  memset(replies(), 0xee, 128);
  memset(ring.base, 0xee, 160);
  cc_command command = sound(5);
  memcpy(slot(0), &command, sizeof command);
  cc_ring_sequence_release(slot(0) + cc_ring_sequence_offset(sizeof command), 1);
  wake();
}

static void push_one(cc_command command) {
  if (cc_client_push(&ring, &command) != 0) printf("not pushed\n");
}

static void kind(void) {
  cc_command command = sound(1);
  command.kind = 99;
  push_one(command);
}

static void enumeration(void) {
  cc_command command = sound(1);
  command.time_in_force = 1ull << 63;
  push_one(command);
}

static void spare(void) {
  cc_command command = sound(1);
  command.reserved = 1;
  push_one(command);
}

static void account(void) {
  cc_command command = sound(1);
  command.account = UINT64_MAX;
  push_one(command);
}

/// Numbers below zero, and as large as there are: refused, one by one.
static void numbers(void) {
  static const int64_t values[] = {-1, INT64_MIN, INT64_MAX, 0};
  uint64_t sequence = 1;
  for (size_t q = 0; q < 4; q++) {
    for (size_t p = 0; p < 4; p++) {
      cc_command command = sound(sequence++);
      command.quantity = values[q];
      command.price = values[p];
      command.stop_price = values[(q + p) % 4];
      push_one(command);
    }
  }
  cc_reply reply;
  for (uint64_t taken = 0; taken < 16;) {
    if (!cc_client_poll(&ring, &reply)) continue;
    if (reply.outcome == cc_reply_accepted) printf("accepted %d\n", (int)reply.sequence);
    taken++;
  }
  printf("all refused\n");
}

/// Sound commands whose words change while they are read.
static void torn(void) {
  for (int i = 0; i < 200000; i++) {
    cc_command command = sound((uint64_t)i + 1);
    if (draw() % 4 == 0) ((uint64_t *)&command)[draw() % 15] = draw();
    uint64_t place = ring.tail;
    if (cc_client_push(&ring, &command) == -ECANCELED) return;
    for (int j = 0; j < 20; j++) {
      atomic_store_explicit((_Atomic uint64_t *)(slot(place)) + draw() % 15, draw() % 3, memory_order_relaxed);
    }
  }
}

/// Random words all over both rings and their headers.
static void scribble(void) {
  uint64_t words = (ring.length - 4096) / 8;
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    for (int i = 0; i < 1000; i++) {
      uint64_t value = draw();
      if (value & 1) value = (value >> 8) & 0xff;
      atomic_store_explicit((_Atomic uint64_t *)((uint8_t *)ring.base + 4096) + draw() % words, value,
                            memory_order_relaxed);
    }
    wake();
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000000ll + now.tv_nsec - begin.tv_nsec < 300000000);
}

/// The bell: made to block, read empty, filled to the brim. Then a command that needs none of it to be seen.
static void bell(void) {
  uint64_t most = UINT64_MAX - 1;
  fcntl(ring.bell, F_SETFL, fcntl(ring.bell, F_GETFL) | O_NONBLOCK);
  for (int i = 0; i < 1000; i++) {
    if (write(ring.bell, &most, sizeof most) < 0 && errno != EAGAIN) printf("bell broken\n");
    if (read(ring.bell, &most, sizeof most) < 0 && errno != EAGAIN) printf("bell broken\n");
  }
  fcntl(ring.bell, F_SETFL, fcntl(ring.bell, F_GETFL) & ~O_NONBLOCK);
  wake();
  push_one(sound(1));
  cc_reply reply;
  while (!cc_client_poll(&ring, &reply)) cc_thread_yield();
  printf("answered\n");
}

/// What the memory may be made into: nothing smaller, and nothing else.
static void cut(void) {
  printf("cut %d\n", ftruncate(ring.descriptor, 4096));
  printf("grown %d\n", ftruncate(ring.descriptor, (off_t)ring.length * 2));
  push_one(sound(1));
  cc_reply reply;
  while (!cc_client_poll(&ring, &reply)) cc_thread_yield();
  printf("answered\n");
}

static const struct {
  const char *name;
  void (*run)(void);
} ways[] = {{"positions", positions}, {"answers", answers},         {"headers", headers}, {"kind", kind},
            {"enumeration", enumeration}, {"spare", spare},         {"account", account}, {"numbers", numbers},
            {"torn", torn},           {"scribble", scribble},       {"bell", bell},       {"cut", cut}};

/// What the engine says over the socket within a moment.
static void print_verdict(void) {
  char line[2048] = {0};
  struct timeval patience = {.tv_usec = 300000};
  setsockopt(ring.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int64_t got = cc_net_receive(ring.socket, line, sizeof line - 1);
  const char *code = got > 0 ? strstr(line, "\"code\":\"") : NULL;
  if (code == NULL) {
    printf("kept\n");
  } else {
    printf("%.*s\n", (int)strcspn(code + 8, "\""), code + 8);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  if (argc > 4) seed = strtoull(argv[4], NULL, 10) | 1;
  cc_client_request request = {.role = argv[2], .accounts = "all", .rate = 1000000};
  if (cc_client_attach(argv[1], &request, &ring) < 0) {
    printf("%s\n", ring.message);
    return 1;
  }
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (strcmp(ways[i].name, argv[3]) != 0) continue;
    ways[i].run();
    print_verdict();
    return 0;
  }
  return 2;
}
