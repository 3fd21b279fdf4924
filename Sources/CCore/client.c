#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cc_layout.h"
#include "cc_net.h"
#include "cc_shm.h"
#include "cc_thread.h"

uint64_t cc_client_layout_hash(void) {
  uint64_t hash = cc_layout_field(CC_LAYOUT_SEED, "header", CC_CLIENT_HEADER_BYTES, sizeof(cc_client_header), "");
#define CC_FIELD(type, name, unit) hash = cc_layout_field(hash, #name, offsetof(MESSAGE, name), sizeof(type), unit);
#define MESSAGE cc_command
  hash = cc_layout_field(hash, "command", CC_CLIENT_SLOTS, sizeof(MESSAGE), "");
  CC_COMMAND_FIELDS(CC_FIELD)
#undef MESSAGE
#define MESSAGE cc_reply
  hash = cc_layout_field(hash, "reply", CC_CLIENT_SLOTS, sizeof(MESSAGE), "");
  CC_REPLY_FIELDS(CC_FIELD)
#undef MESSAGE
#undef CC_FIELD
  return hash;
}

static cc_ring_header *ring_at(const void *base, size_t offset) {
  return (cc_ring_header *)((uint8_t *)(uintptr_t)base + offset);
}

// MARK: Engine

int cc_client_init(void *base, const char *role, const char *tag, uint64_t epoch, uint64_t last_sequence) {
  cc_client_header *h = base;
  int status = cc_owner_self(&h->owner);
  if (status < 0) return status;
  h->layout_version = CC_CLIENT_VERSION;
  h->slots = CC_CLIENT_SLOTS;
  h->layout_hash = cc_client_layout_hash();
  h->region_bytes = cc_client_bytes();
  for (size_t i = 0; i < sizeof h->role && role[i] != 0; i++) h->role[i] = role[i];
  for (size_t i = 0; i < sizeof h->tag && tag[i] != 0; i++) h->tag[i] = tag[i];
  h->epoch = epoch;
  h->last_sequence = last_sequence;
  cc_client_store_recorded(h, last_sequence);
  cc_client_store_state(h, cc_client_open, 0);
  // The magic comes last: who sees it sees the rest.
  atomic_thread_fence(memory_order_release);
  h->magic = CC_CLIENT_MAGIC;
  return 0;
}

// MARK: Client

static int check(const cc_client_header *h, size_t length, char *message) {
  if (length < cc_client_bytes() || h->magic != CC_CLIENT_MAGIC) {
    snprintf(message, 200, "no ring of an engine: the magic number is missing");
    return -EBADMSG;
  }
  if (h->layout_version != CC_CLIENT_VERSION || h->layout_hash != cc_client_layout_hash()) {
    snprintf(message, 200, "a ring of layout %u (%016llx), this program has layout %u (%016llx): use the engine's own",
             h->layout_version, (unsigned long long)h->layout_hash, CC_CLIENT_VERSION,
             (unsigned long long)cc_client_layout_hash());
    return -EPROTO;
  }
  return 0;
}

// Nothing that JSON would have to escape: names, globs, groups.
static int is_plain(const char *text) {
  for (const char *p = text; *p != 0; p++) {
    if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') return 0;
  }
  return 1;
}

static int ask(int socket, const cc_client_request *request, char *message) {
  char line[1024];
  const char *accounts = request->accounts != NULL ? request->accounts : "all";
  if (request->role == NULL || !is_plain(request->role) || !is_plain(accounts)) {
    snprintf(message, 200, "a role and accounts are names, without quotes and backslashes");
    return -EINVAL;
  }
  int length = snprintf(line, sizeof line,
                        "{\"req\":1,\"op\":\"grant\",\"role\":\"%s\",\"account\":\"%s\",\"mode\":\"%s\"%s,\"rate\":%u}\n",
                        request->role, accounts, request->is_live ? "live" : "paper",
                        request->is_live ? ",\"live\":true,\"yes\":true" : "",
                        request->rate != 0 ? request->rate : 1000u);
  if (length >= (int)sizeof line) {
    snprintf(message, 200, "role and accounts are longer than a request");
    return -EINVAL;
  }
  int64_t sent = cc_net_send(socket, line, (size_t)length);
  return sent == length ? 0 : sent < 0 ? (int)sent : -EAGAIN;
}

// The memory travels with the first line, the bell with the second; without them a line says why.
static int take_descriptors(int socket, int *memory, int *bell, char *message) {
  while (*bell < 0) {
    char reply[1024];
    int descriptor = -1;
    int64_t got = cc_net_receive_descriptor(socket, &descriptor, reply, sizeof reply - 1);
    if (got < 0) return (int)got;
    if (descriptor >= 0) {
      *(*memory < 0 ? memory : bell) = descriptor;
      continue;
    }
    reply[got] = 0;
    if (got > 0 && strstr(reply, "\"error\"") == NULL) continue;
    reply[strcspn(reply, "\n")] = 0;
    snprintf(message, 200, "the engine grants no ring: %.160s", got > 0 ? reply : "it closed the connection");
    return -ECONNREFUSED;
  }
  return 0;
}

static int open_ring(const char *path, const cc_client_request *request, cc_client *out) {
  out->socket = cc_net_connect(path, 1);
  if (out->socket < 0) {
    snprintf(out->message, sizeof out->message, "no engine answers at %.120s", path);
    return out->socket;
  }
  struct timeval patience = {.tv_sec = 5};
  if (setsockopt(out->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) return -errno;
  int status = ask(out->socket, request, out->message);
  if (status == 0) status = take_descriptors(out->socket, &out->descriptor, &out->bell, out->message);
  void *base = NULL;
  if (status == 0) status = cc_shm_attach(out->descriptor, 1, &out->length, &base);
  out->base = base;
  if (status == 0) status = check(out->base, out->length, out->message);
  if (status < 0) return status;
  out->last_sequence = out->base->last_sequence;
  return 0;
}

int cc_client_attach(const char *path, const cc_client_request *request, cc_client *out) {
  memset(out, 0, sizeof *out);
  out->descriptor = out->bell = out->socket = -1;
  int status = open_ring(path, request, out);
  if (status < 0) {
    if (out->message[0] == 0) snprintf(out->message, sizeof out->message, "%s", strerror(-status));
    cc_client_detach(out);
  }
  return status;
}

void cc_client_detach(cc_client *client) {
  if (client->base != NULL) munmap(client->base, client->length);
  if (client->descriptor >= 0) close(client->descriptor);
  if (client->bell >= 0) close(client->bell);
  if (client->socket >= 0) close(client->socket);
  client->base = NULL;
  client->descriptor = client->bell = client->socket = -1;
}

int cc_client_push(cc_client *client, const cc_command *command) {
  uint64_t state = cc_client_state(client);
  if (state != cc_client_open) return state == cc_client_revoked ? -ECANCELED : -EPIPE;
  cc_ring_header *ring = ring_at(client->base, cc_client_commands_offset());
  if (!cc_ring_try_push(ring, &client->tail, command)) return -EAGAIN;
  // With the fence of an engine that announces sleep: either it sees the command, or this sees that it sleeps.
  atomic_thread_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&client->base->sleeping, memory_order_relaxed) != 0 &&
      atomic_exchange_explicit(&client->base->sleeping, 0, memory_order_relaxed) != 0) {
    cc_event_signal(client->bell);
  }
  return 0;
}

int cc_client_poll(cc_client *client, cc_reply *out) {
  return cc_ring_try_pop(ring_at(client->base, cc_client_replies_offset()), &client->head, out);
}

int cc_client_engine_lives(const cc_client *client) { return cc_owner_alive(&client->base->owner) != 0; }
