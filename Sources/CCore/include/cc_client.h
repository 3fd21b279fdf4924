// Granted rings: orders into a running engine through shared memory, from a program in any language that can call C.
//
// `cc_client_attach` asks the engine at its socket for a ring. The grant says who sends (the role), for which accounts, in
// which mode, how often, and lasts as long as the connection it was asked over. Then `cc_client_push` puts commands into
// memory without a system call, unless the engine sleeps, and `cc_client_poll` takes the answers.
//
// A command carries no id. Its sequence, 1 to 2^62, must rise from one to the next by one or more; role and sequence are the id of the
// order that it makes: `ROLE/SEQUENCE` for `oms orders`. The engine records how far each role's commands were taken, so
// that nothing happens twice: behind a crash of either side attach again, look at `last_sequence`, and push everything
// above it once more, with the same sequences. A command that is refused and answered with `cc_reply_unrecorded` was not
// taken; its sequence may be used again as long as no higher one was.
//
// Numbers of accounts and instruments, and how orders go on, stand in the tables (cc_table.h). Prices and quantities are
// integers times 10^-scale, with the scales in the instrument's row.
#ifndef CC_CLIENT_H
#define CC_CLIENT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "cc_owner.h"
#include "cc_ring.h"

#define CC_CLIENT_MAGIC 0x31676e6972736d6full
#define CC_CLIENT_VERSION 1u
#define CC_CLIENT_HEADER_BYTES 4096
/// Slots of each of the two rings.
#define CC_CLIENT_SLOTS 1024

/// cc_command.kind
enum {
  /// A new order.
  cc_command_order = 1,
  /// Cancels the order whose sequence is `target`; nothing else is set.
  cc_command_cancel = 2,
  /// Changes price, stop price or quantity (0 keeps) of the order whose sequence is `target`.
  cc_command_amend = 3,
};

/// cc_command.order_kind. Those with a stop wait for it.
enum {
  cc_order_limit = 1,
  cc_order_market = 2,
  cc_order_stop_market = 3,
  cc_order_stop_limit = 4,
  cc_order_take_profit_market = 5,
  cc_order_take_profit_limit = 6,
};

/// cc_command.side
enum { cc_side_buy = 1, cc_side_sell = 2 };
/// cc_command.time_in_force; market orders are `ioc` or `fok`.
enum { cc_force_gtc = 1, cc_force_ioc = 2, cc_force_fok = 3 };
/// cc_command.flags
enum { cc_flag_post_only = 1, cc_flag_reduce_only = 2 };

// Every field: type, name, unit. The lists make the structs and the layout hash, which therefore cannot disagree.

#define CC_COMMAND_FIELDS(F)                                                                                        \
  F(uint64_t, sequence, "above that of the command before") F(uint64_t, kind, "cc_command_")                        \
  F(uint64_t, account, "number") F(uint64_t, instrument, "number") F(uint64_t, strategy, "number, 0 none")          \
  F(uint64_t, side, "cc_side_") F(uint64_t, order_kind, "cc_order_") F(uint64_t, time_in_force, "cc_force_")        \
  F(uint64_t, flags, "cc_flag_") F(uint64_t, position_side, "0 net 1 long 2 short")                                 \
  F(int64_t, price, "10^-price_scale") F(int64_t, stop_price, "10^-price_scale")                                    \
  F(int64_t, quantity, "10^-quantity_scale") F(uint64_t, target, "sequence") F(uint64_t, reserved, "0")

#define CC_REPLY_FIELDS(F)                                                                                          \
  F(uint64_t, sequence, "of the command") F(uint64_t, outcome, "cc_reply_") F(uint64_t, reason, "cc_reason_, Reason") \
  F(uint64_t, order_number, "number, 0 none") F(uint64_t, recorded, "sequence") F(uint64_t, dropped, "count")       \
  F(uint64_t, reserved, "0")

#define CC_FIELD(type, name, unit) type name;
/// What is asked for. Fields that the kind does not use are 0; anything else that means nothing costs the grant.
typedef struct {
  CC_COMMAND_FIELDS(CC_FIELD)
} cc_command;

/// What was answered. `recorded` is the last sequence taken so far; `dropped` counts the answers that the ring had no room
/// for: when it rises, ask for those orders over the socket, by `ROLE/SEQUENCE`.
typedef struct {
  CC_REPLY_FIELDS(CC_FIELD)
} cc_reply;
#undef CC_FIELD

_Static_assert(sizeof(cc_command) == 120 && sizeof(cc_reply) == 56, "messages of version 1 and their numbers fill lines");

/// cc_reply.outcome
enum {
  /// Taken: the order or the change is recorded and under way.
  cc_reply_accepted = 1,
  /// Recorded and refused; `reason` says why. Nothing was sent.
  cc_reply_refused = 2,
  /// Nothing had to be done: the order is there already, has ended, or its cancel is under way.
  cc_reply_replayed = 3,
  /// Refused, and not recorded.
  cc_reply_unrecorded = 4,
};

/// cc_reply.reason of what concerns the ring itself, and why one was revoked; the others are the reasons of orders.
enum {
  cc_reason_sequence_repeated = 46,
  cc_reason_out_of_scope = 47,
  cc_reason_grant_rate = 48,
  cc_reason_ring_damaged = 49,
  cc_reason_bad_command = 50,
  cc_reason_stopping = 51,
};

/// cc_client_header.state
enum {
  cc_client_open = 1,
  /// `reason` says why; nothing is read any more.
  cc_client_revoked = 2,
  /// The engine has ended in good order, or the connection was closed.
  cc_client_closed = 3,
};

/// First page of a grant; the ring of commands follows, then that of replies. The engine believes nothing in it.
typedef struct {
  uint64_t magic;
  uint32_t layout_version;
  uint32_t slots;
  uint64_t layout_hash;
  uint64_t region_bytes;
  char role[32];
  /// Text of the instance tag, zero-filled.
  char tag[8];
  uint64_t epoch;
  /// The last sequence that was taken when the ring was granted.
  uint64_t last_sequence;
  uint64_t reserved_a[5];
  cc_owner owner;
  /// Stored by the engine, on a line of their own: its last sequence so far, answers without room, state, reason.
  _Atomic uint64_t recorded;
  _Atomic uint64_t dropped;
  _Atomic uint64_t state;
  _Atomic uint64_t reason;
  uint64_t reserved_b[8];
  /// The engine sleeps: who pushes has to signal.
  _Atomic uint32_t sleeping;
  uint32_t reserved_c;
} cc_client_header;

_Static_assert(offsetof(cc_client_header, recorded) == 160, "layout of version 1");
_Static_assert(offsetof(cc_client_header, sleeping) == 256, "layout of version 1");
_Static_assert(sizeof(cc_client_header) <= CC_CLIENT_HEADER_BYTES, "the header is one page");

static inline size_t cc_client_commands_offset(void) { return CC_CLIENT_HEADER_BYTES; }
static inline size_t cc_client_replies_offset(void) {
  return CC_CLIENT_HEADER_BYTES + ((cc_ring_bytes(CC_CLIENT_SLOTS, sizeof(cc_command)) + 4095) & ~(size_t)4095);
}
static inline size_t cc_client_bytes(void) {
  return cc_client_replies_offset() + ((cc_ring_bytes(CC_CLIENT_SLOTS, sizeof(cc_reply)) + 4095) & ~(size_t)4095);
}
/// Over every field, offset and unit of the two messages.
uint64_t cc_client_layout_hash(void);

// The client's side.

/// What is asked for.
typedef struct {
  /// 1 to 24 of A-Z a-z 0-9 . _ : -
  const char *role;
  /// As for `oms -a`: names, globs, @groups, `all`; with commas.
  const char *accounts;
  /// Not 0: the accounts may be live. Says --live and --yes for every order that is sent.
  int is_live;
  /// New orders and changes a second, at most; 0: 1000. Cancels are not counted.
  uint32_t rate;
} cc_client_request;

/// A granted ring. Owner: one thread.
typedef struct {
  cc_client_header *base;
  size_t length;
  int descriptor;
  int bell;
  /// The grant ends when it is closed. Other requests may be sent over it.
  int socket;
  uint64_t last_sequence;
  uint64_t tail;
  uint64_t head;
  /// Why it failed, for people.
  char message[200];
} cc_client;

/// Asks the engine at the Unix socket `path` for a ring. 0 or a negative errno: -ECONNREFUSED with the engine's own words
/// in `message`, -EPROTO when the engine has another layout.
int cc_client_attach(const char *path, const cc_client_request *request, cc_client *out);
/// Gives the ring back. What was pushed is still run.
void cc_client_detach(cc_client *client);
/// 0; -EAGAIN while the engine is a whole ring behind, -ECANCELED when the grant was revoked, -EPIPE when it is closed.
int cc_client_push(cc_client *client, const cc_command *command);
/// The next answer: 1, or 0 when there is none yet.
int cc_client_poll(cc_client *client, cc_reply *out);
/// Whether the engine lives: 0 when it has ended.
int cc_client_engine_lives(const cc_client *client);

static inline uint64_t cc_client_recorded(const cc_client *client) {
  return atomic_load_explicit(&client->base->recorded, memory_order_acquire);
}
static inline uint64_t cc_client_dropped(const cc_client *client) {
  return atomic_load_explicit(&client->base->dropped, memory_order_relaxed);
}
static inline uint64_t cc_client_state(const cc_client *client) {
  return atomic_load_explicit(&client->base->state, memory_order_acquire);
}
static inline uint64_t cc_client_reason(const cc_client *client) {
  return atomic_load_explicit(&client->base->reason, memory_order_relaxed);
}

// The engine's side.

/// Writes the first page of zeroed memory of `cc_client_bytes`.
int cc_client_init(void *base, const char *role, const char *tag, uint64_t epoch, uint64_t last_sequence);
static inline void cc_client_store_recorded(cc_client_header *h, uint64_t sequence) {
  atomic_store_explicit(&h->recorded, sequence, memory_order_release);
}
static inline void cc_client_store_dropped(cc_client_header *h, uint64_t count) {
  atomic_store_explicit(&h->dropped, count, memory_order_relaxed);
}
/// Release: the reason is there before the state.
static inline void cc_client_store_state(cc_client_header *h, uint64_t state, uint64_t reason) {
  atomic_store_explicit(&h->reason, reason, memory_order_relaxed);
  atomic_store_explicit(&h->state, state, memory_order_release);
}
/// Before the fence that the bell makes when it announces sleep.
static inline void cc_client_store_sleeping(cc_client_header *h, uint32_t sleeping) {
  atomic_store_explicit(&h->sleeping, sleeping, memory_order_relaxed);
}

#endif
