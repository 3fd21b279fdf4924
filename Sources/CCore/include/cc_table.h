// The engine's published tables: accounts, positions, balances, instruments, orders, metrics, latencies.
//
// This header is the interface for programs in any language that can read C. The engine hands a read-only descriptor
// over its socket (`cc_attach_socket`); rows are then read straight from memory by `cc_read_row`, without a call to the
// engine and without slowing it down. A row is what was true at its `lsn`, the number of the record behind it.
//
// Fields are whole 64-bit words. Amounts called cc_amount are 128-bit two's complement in units of 10^-18. Prices and
// quantities are integers times 10^-scale, with the scale in the row. Times are nanoseconds since 1970 (UTC) unless
// the unit says otherwise.
#ifndef CC_TABLE_H
#define CC_TABLE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cc_histogram.h"
#include "cc_owner.h"

#define CC_TABLE_MAGIC 0x31656c62617473ull
#define CC_TABLE_VERSION 1u
#define CC_TABLE_HEADER_BYTES 4096
#define CC_TABLE_SECTIONS 7
/// The owner writes its heartbeat far more often; a heartbeat older than this says that it is stuck.
#define CC_TABLE_HEARTBEAT_MAX_NS 2000000000ll
#define CC_READ_TRIES 1000

typedef struct {
  uint64_t low;
  int64_t high;
} cc_amount;

/// Unused bytes are zero; a text that fills the field has no NUL.
typedef struct {
  char bytes[32];
} cc_text32;
typedef struct {
  char bytes[64];
} cc_text64;

// Every field: type, name, unit. The lists make the structs and the layout hash, which therefore cannot disagree.

#define CC_ACCOUNT_FIELDS(F)                                                                                        \
  F(uint64_t, account, "number") F(cc_text32, name, "utf8") F(uint64_t, venue, "number")                            \
  F(uint64_t, mode, "1 paper 2 live") F(uint64_t, trading, "0 on 1 paused 2 halted 3 killed")                       \
  F(uint64_t, open_orders, "count") F(cc_amount, equity, "1e-18 report currency")                                   \
  F(cc_amount, available, "1e-18 report currency, equity less margin")                                              \
  F(cc_amount, realised, "1e-18 report currency, today") F(cc_amount, fees, "1e-18 report currency, today")         \
  F(cc_amount, gross_notional, "1e-18 report currency")                                                             \
  F(uint64_t, lsn, "record") F(int64_t, updated, "ns utc")

#define CC_POSITION_FIELDS(F)                                                                                       \
  F(uint64_t, account, "number") F(uint64_t, instrument, "number") F(cc_text32, account_name, "utf8")               \
  F(cc_text32, instrument_name, "utf8") F(uint64_t, side, "0 net 1 long 2 short")                                   \
  F(uint64_t, mode, "1 paper 2 live") F(uint64_t, margin_mode, "0 cross 1 isolated") F(uint64_t, leverage, "times") \
  F(cc_amount, quantity, "1e-18 base, signed") F(cc_amount, entry_price, "1e-18 quote")                             \
  F(cc_amount, realised, "1e-18 quote") F(cc_amount, fees, "1e-18 quote") F(cc_amount, funding, "1e-18 quote")      \
  F(cc_amount, margin, "1e-18 report currency") F(int64_t, mark_price, "10^-price_scale")                           \
  F(int64_t, liquidation_price, "10^-price_scale, 0 none") F(uint64_t, price_scale, "digits")                       \
  F(int64_t, mark_time, "ns utc") F(uint64_t, lsn, "record") F(int64_t, updated, "ns utc")

#define CC_BALANCE_FIELDS(F)                                                                                        \
  F(uint64_t, account, "number") F(uint64_t, asset, "number") F(cc_text32, account_name, "utf8")                    \
  F(cc_text32, asset_name, "utf8") F(uint64_t, wallet, "1 spot 2 futures") F(uint64_t, mode, "1 paper 2 live")      \
  F(cc_amount, total, "1e-18") F(cc_amount, free, "1e-18") F(cc_amount, locked, "1e-18")                            \
  F(uint64_t, lsn, "record") F(int64_t, updated, "ns utc")

#define CC_INSTRUMENT_FIELDS(F)                                                                                     \
  F(uint64_t, instrument, "number") F(cc_text32, name, "utf8") F(uint64_t, venue, "number")                         \
  F(uint64_t, instrument_class, "1 spot 2 perp 3 future") F(uint64_t, price_scale, "digits")                        \
  F(uint64_t, quantity_scale, "digits") F(int64_t, bid, "10^-price_scale")                                          \
  F(int64_t, bid_quantity, "10^-quantity_scale") F(int64_t, ask, "10^-price_scale")                                 \
  F(int64_t, ask_quantity, "10^-quantity_scale") F(int64_t, last, "10^-price_scale")                                \
  F(int64_t, mark, "10^-price_scale") F(int64_t, index_price, "10^-price_scale") F(uint64_t, book_sequence, "venue") \
  F(int64_t, book_time, "ns engine") F(uint64_t, is_valid, "0 stale or gapped: use nothing")                        \
  F(int64_t, updated, "ns utc")

#define CC_ORDER_FIELDS(F)                                                                                          \
  F(uint64_t, order_number, "number") F(cc_text64, id, "utf8") F(uint64_t, account, "number")                       \
  F(uint64_t, instrument, "number") F(uint64_t, strategy, "number") F(uint64_t, status, "OrderStatus")              \
  F(uint64_t, side, "1 buy 2 sell") F(uint64_t, kind, "OrderKind") F(uint64_t, time_in_force, "TimeInForce")        \
  F(uint64_t, flags, "OrderFlags") F(uint64_t, mode, "1 paper 2 live") F(uint64_t, reason, "Reason")                \
  F(int64_t, price, "10^-price_scale") F(int64_t, stop_price, "10^-price_scale")                                    \
  F(int64_t, quantity, "10^-quantity_scale") F(int64_t, filled, "10^-quantity_scale")                               \
  F(uint64_t, price_scale, "digits") F(uint64_t, quantity_scale, "digits")                                          \
  F(cc_amount, filled_notional, "1e-18 quote") F(uint64_t, lsn, "record") F(int64_t, created, "ns utc")             \
  F(int64_t, updated, "ns utc")

#define CC_METRIC_FIELDS(F) F(cc_text32, name, "utf8") F(int64_t, value, "as named") F(int64_t, updated, "ns utc")

#define CC_FIELD(type, name, unit) type name;
typedef struct {
  CC_ACCOUNT_FIELDS(CC_FIELD)
} cc_account_row;
typedef struct {
  CC_POSITION_FIELDS(CC_FIELD)
} cc_position_row;
typedef struct {
  CC_BALANCE_FIELDS(CC_FIELD)
} cc_balance_row;
typedef struct {
  CC_INSTRUMENT_FIELDS(CC_FIELD)
} cc_instrument_row;
typedef struct {
  CC_ORDER_FIELDS(CC_FIELD)
} cc_order_row;
typedef struct {
  CC_METRIC_FIELDS(CC_FIELD)
} cc_metric_row;
#undef CC_FIELD

/// Section numbers, which are also their places in the directory. Never reused.
enum {
  cc_section_account = 0,
  cc_section_position = 1,
  cc_section_balance = 2,
  cc_section_instrument = 3,
  cc_section_order = 4,
  cc_section_metric = 5,
  cc_section_histogram = 6,
};

typedef struct {
  uint32_t kind;
  /// From row to row.
  uint32_t row_bytes;
  uint64_t offset;
  uint64_t capacity;
  /// Rows from 0 that have ever been written.
  _Atomic uint64_t count;
} cc_section;

/// First page of the region. Constants first, then the words the owner keeps changing, on a line of their own.
typedef struct {
  uint64_t magic;
  uint32_t layout_version;
  uint32_t section_count;
  uint64_t layout_hash;
  uint64_t region_bytes;
  /// Text of the instance tag, zero-filled.
  char tag[8];
  uint64_t epoch;
  uint64_t reserved_a[2];
  cc_owner owner;
  uint64_t reserved_b[4];
  /// CLOCK_BOOTTIME nanoseconds of the owner's last turn; 0 when it has closed the tables in good order.
  _Atomic int64_t heartbeat;
  uint64_t reserved_c[7];
  cc_section sections[CC_TABLE_SECTIONS];
} cc_table_header;

_Static_assert(offsetof(cc_table_header, owner) == 64, "layout of version 1");
_Static_assert(offsetof(cc_table_header, heartbeat) == 128, "layout of version 1");
_Static_assert(offsetof(cc_table_header, sections) == 192, "layout of version 1");
_Static_assert(sizeof(cc_section) == 32, "layout of version 1");
_Static_assert(sizeof(cc_account_row) == 168 && sizeof(cc_position_row) == 256, "rows of version 1");
_Static_assert(sizeof(cc_balance_row) == 160 && sizeof(cc_instrument_row) == 160, "rows of version 1");
_Static_assert(sizeof(cc_order_row) == 240 && sizeof(cc_metric_row) == 48, "rows of version 1");

/// What reading a row tells.
enum {
  /// Copied, consistent.
  cc_row_ok = 0,
  /// No such row, or never written.
  cc_row_empty = 1,
  /// The owner is there but has not let go of the row, or has shown no heartbeat for two seconds.
  cc_row_stale = 2,
  /// The owner has ended. Attach again; row numbers stay.
  cc_row_dead = 3,
};

/// Bytes of the copy of one row of a section; 0 for the histograms, which are read in place.
size_t cc_table_row_size(uint32_t section);
/// FNV-1a over every section, field, offset and unit of this header.
uint64_t cc_table_layout_hash(void);
/// Bytes of a region with these capacities, one for each section.
size_t cc_table_bytes(const uint64_t *capacities);

// The owner's side.

/// Makes tables of zeroed memory of `cc_table_bytes`.
int cc_table_init(void *base, const uint64_t *capacities, const char *tag, uint64_t epoch);
/// Publishes one row of `cc_table_row_size` bytes. One thread writes a section; any number of readers is unharmed.
int cc_table_write(void *base, uint32_t section, uint64_t row, const void *words);
/// Shows that the owner is alive; `boottime` is CLOCK_BOOTTIME nanoseconds.
void cc_table_beat(void *base, int64_t boottime);
/// Names a histogram and returns it for recording; NULL beyond the capacity.
cc_histogram *cc_table_histogram(void *base, uint64_t row, const char *name);

// The reader's side.

/// Checks a mapped region before anything in it is believed. -EPROTO: another layout, and `message` (160 bytes, may be
/// NULL) names both versions. -EBADMSG: these are no tables.
int cc_table_check(const void *base, size_t length, char *message);
/// Rows from 0 that may hold something.
uint64_t cc_table_count(const void *base, uint32_t section);
/// Copies one row out. At most CC_READ_TRIES attempts, then the owner is looked at. `cc_row_...`.
int cc_read_row(const void *base, uint32_t section, uint64_t row, void *out);
/// Whether the owner still works: cc_row_ok, cc_row_stale or cc_row_dead.
int cc_table_owner(const void *base);
/// A histogram to read; NULL beyond those in use.
const cc_histogram *cc_table_read_histogram(const void *base, uint64_t row);

/// What `cc_attach_socket` gives.
typedef struct {
  const void *base;
  size_t length;
  int descriptor;
  /// Why it failed, for people.
  char message[160];
} cc_attachment;

/// Asks the engine at the Unix socket `path` for its tables and maps them. 0 or a negative errno.
int cc_attach_socket(const char *path, cc_attachment *out);
void cc_detach(cc_attachment *attachment);

/// Sends `bytes` (at least one) with a descriptor beside them. Returns the bytes sent.
int64_t cc_fd_send(int socket, int descriptor, const void *bytes, size_t length);
/// Receives bytes and, if one came along, a descriptor (else -1). 0: the peer has closed.
int64_t cc_fd_receive(int socket, int *descriptor, void *bytes, size_t capacity);

#endif
