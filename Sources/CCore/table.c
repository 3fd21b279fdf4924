#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_table.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cc_clock.h"
#include "cc_layout.h"
#include "cc_seqlock.h"
#include "cc_shm.h"

// MARK: Layout

static const size_t row_sizes[CC_TABLE_SECTIONS] = {
    sizeof(cc_account_row), sizeof(cc_position_row), sizeof(cc_balance_row), sizeof(cc_instrument_row),
    sizeof(cc_order_row),   sizeof(cc_metric_row),   0,
};

size_t cc_table_row_size(uint32_t section) { return section < CC_TABLE_SECTIONS ? row_sizes[section] : 0; }

// Rows begin on a cache line: the version word, then the fields. A histogram has no version.
static size_t row_stride(uint32_t section) {
  size_t bytes = section == cc_section_histogram ? sizeof(cc_histogram) : 8 + row_sizes[section];
  return (bytes + 63) & ~(size_t)63;
}

uint64_t cc_table_layout_hash(void) {
  uint64_t hash = CC_LAYOUT_SEED;
  hash = cc_layout_field(hash, "header", 0, sizeof(cc_table_header), "");
#define CC_FIELD(type, name, unit) hash = cc_layout_field(hash, #name, offsetof(ROW, name), sizeof(type), unit);
#define ROW cc_account_row
  hash = cc_layout_field(hash, "account", 0, sizeof(ROW), "");
  CC_ACCOUNT_FIELDS(CC_FIELD)
#undef ROW
#define ROW cc_position_row
  hash = cc_layout_field(hash, "position", 0, sizeof(ROW), "");
  CC_POSITION_FIELDS(CC_FIELD)
#undef ROW
#define ROW cc_balance_row
  hash = cc_layout_field(hash, "balance", 0, sizeof(ROW), "");
  CC_BALANCE_FIELDS(CC_FIELD)
#undef ROW
#define ROW cc_instrument_row
  hash = cc_layout_field(hash, "instrument", 0, sizeof(ROW), "");
  CC_INSTRUMENT_FIELDS(CC_FIELD)
#undef ROW
#define ROW cc_order_row
  hash = cc_layout_field(hash, "order", 0, sizeof(ROW), "");
  CC_ORDER_FIELDS(CC_FIELD)
#undef ROW
#define ROW cc_metric_row
  hash = cc_layout_field(hash, "metric", 0, sizeof(ROW), "");
  CC_METRIC_FIELDS(CC_FIELD)
#undef ROW
#undef CC_FIELD
  return cc_layout_field(hash, "histogram", CC_HISTOGRAM_BUCKETS, sizeof(cc_histogram), "ns");
}

size_t cc_table_bytes(const uint64_t *capacities) {
  size_t bytes = CC_TABLE_HEADER_BYTES;
  for (uint32_t i = 0; i < CC_TABLE_SECTIONS; i++) bytes += row_stride(i) * capacities[i];
  return (bytes + 4095) & ~(size_t)4095;
}

// MARK: Owner

int cc_table_init(void *base, const uint64_t *capacities, const char *tag, uint64_t epoch) {
  cc_table_header *h = base;
  int status = cc_owner_self(&h->owner);
  if (status < 0) return status;
  h->layout_version = CC_TABLE_VERSION;
  h->section_count = CC_TABLE_SECTIONS;
  h->layout_hash = cc_table_layout_hash();
  h->region_bytes = cc_table_bytes(capacities);
  memset(h->tag, 0, sizeof h->tag);
  for (size_t i = 0; i < sizeof h->tag && tag[i] != 0; i++) h->tag[i] = tag[i];
  h->epoch = epoch;
  uint64_t offset = CC_TABLE_HEADER_BYTES;
  for (uint32_t i = 0; i < CC_TABLE_SECTIONS; i++) {
    cc_section *section = &h->sections[i];
    section->kind = i;
    section->row_bytes = (uint32_t)row_stride(i);
    section->offset = offset;
    section->capacity = capacities[i];
    offset += row_stride(i) * capacities[i];
  }
  cc_table_beat(base, cc_clock_boottime());
  // The magic comes last: who sees it sees the rest.
  atomic_thread_fence(memory_order_release);
  h->magic = CC_TABLE_MAGIC;
  return 0;
}

static uint8_t *row_address(const void *base, uint32_t section, uint64_t row) {
  const cc_table_header *h = base;
  if (section >= CC_TABLE_SECTIONS || row >= h->sections[section].capacity) return NULL;
  return (uint8_t *)(uintptr_t)base + h->sections[section].offset + row * h->sections[section].row_bytes;
}

// Only the writer of the section calls it, so that load and store need not be one step.
static void count_row(void *base, uint32_t section, uint64_t row) {
  _Atomic uint64_t *count = &((cc_table_header *)base)->sections[section].count;
  // Release: the row is there before it is counted. Meets the acquire in cc_table_count.
  if (atomic_load_explicit(count, memory_order_relaxed) <= row) {
    atomic_store_explicit(count, row + 1, memory_order_release);
  }
}

int cc_table_write(void *base, uint32_t section, uint64_t row, const void *words) {
  if (section == cc_section_histogram) return -EINVAL;
  uint8_t *at = row_address(base, section, row);
  if (at == NULL) return -ERANGE;
  _Atomic uint64_t *version = (_Atomic uint64_t *)at;
  cc_seqlock_write_begin(version);
  cc_seqlock_store(version + 1, words, row_sizes[section] / 8);
  cc_seqlock_write_end(version);
  count_row(base, section, row);
  return 0;
}

void cc_table_beat(void *base, int64_t boottime) {
  atomic_store_explicit(&((cc_table_header *)base)->heartbeat, boottime, memory_order_relaxed);
}

cc_histogram *cc_table_histogram(void *base, uint64_t row, const char *name) {
  cc_histogram *h = (cc_histogram *)row_address(base, cc_section_histogram, row);
  if (h == NULL) return NULL;
  memset(h->name, 0, sizeof h->name);
  for (size_t i = 0; i < sizeof h->name && name[i] != 0; i++) h->name[i] = name[i];
  count_row(base, cc_section_histogram, row);
  return h;
}

// MARK: Readers

int cc_table_check(const void *base, size_t length, char *message) {
  const cc_table_header *h = base;
  char unused[160];
  char *text = message != NULL ? message : unused;
  if (length < CC_TABLE_HEADER_BYTES || h->magic != CC_TABLE_MAGIC) {
    snprintf(text, 160, "no tables of an engine: the magic number is missing");
    return -EBADMSG;
  }
  uint64_t ours = cc_table_layout_hash();
  if (h->layout_version != CC_TABLE_VERSION || h->layout_hash != ours) {
    snprintf(text, 160, "tables of layout %u (%016llx), this program reads layout %u (%016llx): use the engine's own",
             h->layout_version, (unsigned long long)h->layout_hash, CC_TABLE_VERSION, (unsigned long long)ours);
    return -EPROTO;
  }
  int fits = h->section_count == CC_TABLE_SECTIONS && h->region_bytes <= length;
  for (uint32_t i = 0; fits && i < CC_TABLE_SECTIONS; i++) {
    const cc_section *s = &h->sections[i];
    fits = s->kind == i && s->row_bytes == row_stride(i) && s->offset % 64 == 0 && s->offset >= CC_TABLE_HEADER_BYTES &&
           s->offset <= length && s->capacity <= (length - s->offset) / s->row_bytes;
  }
  if (!fits) {
    snprintf(text, 160, "the tables' directory points outside their %zu bytes: damaged", length);
    return -EBADMSG;
  }
  return 0;
}

uint64_t cc_table_count(const void *base, uint32_t section) {
  if (section >= CC_TABLE_SECTIONS) return 0;
  cc_section *s = &((cc_table_header *)(uintptr_t)base)->sections[section];
  uint64_t count = atomic_load_explicit(&s->count, memory_order_acquire);
  return count < s->capacity ? count : s->capacity;
}

int cc_table_owner(const void *base) {
  cc_table_header *h = (cc_table_header *)(uintptr_t)base;
  int64_t beat = atomic_load_explicit(&h->heartbeat, memory_order_relaxed);
  if (beat == 0 || cc_owner_alive(&h->owner) == 0) return cc_row_dead;
  return cc_clock_boottime() - beat > CC_TABLE_HEARTBEAT_MAX_NS ? cc_row_stale : cc_row_ok;
}

int cc_read_row(const void *base, uint32_t section, uint64_t row, void *out) {
  const uint8_t *at = row_address(base, section, row);
  if (at == NULL || section == cc_section_histogram) return cc_row_empty;
  const _Atomic uint64_t *version = (const _Atomic uint64_t *)at;
  if (atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)version, memory_order_acquire) == 0) return cc_row_empty;
  for (int i = 0; i < CC_READ_TRIES; i++) {
    if (cc_seqlock_try_read(version, version + 1, out, row_sizes[section] / 8)) return cc_row_ok;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  // The writer needs nanoseconds: after so many attempts it is held up, or it died inside the row.
  return cc_table_owner(base) == cc_row_dead ? cc_row_dead : cc_row_stale;
}

const cc_histogram *cc_table_read_histogram(const void *base, uint64_t row) {
  if (row >= cc_table_count(base, cc_section_histogram)) return NULL;
  return (const cc_histogram *)row_address(base, cc_section_histogram, row);
}

// MARK: Descriptors over sockets

int64_t cc_fd_send(int socket, int descriptor, const void *bytes, size_t length) {
  if (length == 0) return -EINVAL;
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  struct cmsghdr *item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(item), &descriptor, sizeof descriptor);
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int64_t cc_fd_receive(int socket, int *descriptor, void *bytes, size_t capacity) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct iovec part = {.iov_base = bytes, .iov_len = capacity};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t got;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return -errno;
  *descriptor = -1;
  for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item != NULL; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(item) + i * sizeof fd, sizeof fd);
      // One is expected; what a peer sends beyond it must not stay open.
      if (*descriptor < 0) *descriptor = fd;
      else close(fd);
    }
  }
  return got;
}

// MARK: Attaching

// Sends the request and waits for the answer's first bytes, which the descriptor travels with.
static int ask_for_tables(int socket, int *descriptor, char *message) {
  static const char request[] = "{\"req\":1,\"op\":\"attach\"}\n";
  size_t sent = 0;
  while (sent < sizeof request - 1) {
    ssize_t part = send(socket, request + sent, sizeof request - 1 - sent, MSG_NOSIGNAL);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return -errno;
    sent += (size_t)part;
  }
  char reply[512];
  int64_t got = cc_fd_receive(socket, descriptor, reply, sizeof reply - 1);
  if (got < 0) return (int)got;
  if (*descriptor >= 0) return 0;
  // Without a descriptor the line says why.
  reply[got] = 0;
  reply[strcspn(reply, "\n")] = 0;
  snprintf(message, 160, "the engine handed out no tables: %.120s", got > 0 ? reply : "it closed the connection");
  return -ECONNREFUSED;
}

int cc_attach_socket(const char *path, cc_attachment *out) {
  memset(out, 0, sizeof *out);
  out->descriptor = -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    snprintf(out->message, sizeof out->message, "socket path of %zu bytes: at most %zu", strlen(path),
             sizeof address.sun_path - 1);
    return -ENAMETOOLONG;
  }
  memcpy(address.sun_path, path, strlen(path));
  int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return -errno;
  struct timeval patience = {.tv_sec = 2};
  int descriptor = -1;
  int status = 0;
  if (setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
      connect(socket_fd, (const struct sockaddr *)&address, sizeof address) != 0) {
    status = -errno;
    snprintf(out->message, sizeof out->message, "no engine answers at %.120s", path);
  }
  if (status == 0) status = ask_for_tables(socket_fd, &descriptor, out->message);
  close(socket_fd);
  void *base = NULL;
  size_t length = 0;
  if (status == 0) status = cc_shm_attach(descriptor, 0, &length, &base);
  if (status == 0) status = cc_table_check(base, length, out->message);
  if (status < 0) {
    if (base != NULL) munmap(base, length);
    if (descriptor >= 0) close(descriptor);
    if (out->message[0] == 0) snprintf(out->message, sizeof out->message, "%s", strerror(-status));
    return status;
  }
  out->base = base;
  out->length = length;
  out->descriptor = descriptor;
  return 0;
}

void cc_detach(cc_attachment *attachment) {
  if (attachment->base != NULL) munmap((void *)(uintptr_t)attachment->base, attachment->length);
  if (attachment->descriptor >= 0) close(attachment->descriptor);
  attachment->base = NULL;
  attachment->descriptor = -1;
}
