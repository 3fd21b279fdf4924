#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_fault.h"

#ifdef OMS_FAULT

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// The plan is a file with a rule per line: CALL PATH NTH ACTION [VALUE]
//   CALL    name of the call (pwrite, fdatasync, open ...) or *
//   PATH    part of the path or *
//   NTH     3: the third matching call; 3+: that and all later ones; *: each
//   ACTION  errno N · short BYTES · delay NANOSECONDS · step NANOSECONDS (of the clock, call realtime) · kill · stop
// Empty lines and lines that begin with # say nothing. Each fired rule is appended to OMS_FAULT_REPORT as
// "LINE CALL PATH COUNT ACTION", before it acts. A plan that is replaced counts from then on, and counts anew: so a disk
// can die under a process that runs. Replace it by rename, or half of it may be read.

enum action { act_errno, act_short, act_delay, act_step, act_kill, act_stop };

typedef struct {
  char call[32];
  char path[192];
  uint64_t first;
  uint64_t last;
  enum action action;
  int64_t value;
  int line;
  uint64_t seen;
} rule;

enum { rules_max = 64 };
static rule rules[rules_max];
static int rule_count;
static int report = -1;
static const char *plan;
static struct stat plan_seen;
static int64_t clock_offset;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static const char *const action_names[] = {"errno", "short", "delay", "step", "kill", "stop"};

// A plan that cannot be read would make a test pass without its fault.
static void refuse(const char *what, int line) {
  dprintf(2, "fault plan, line %d: %s\n", line, what);
  _exit(99);
}

static void parse_rule(char *text, int line) {
  char nth[32] = "", action[16] = "", value[32] = "";
  rule *r = &rules[rule_count];
  int fields = sscanf(text, "%31s %191s %31s %15s %31s", r->call, r->path, nth, action, value);
  if (fields <= 0 || r->call[0] == '#') return;
  if (fields < 4) refuse("needs CALL PATH NTH ACTION", line);
  r->line = line;
  r->seen = 0;
  r->first = strcmp(nth, "*") == 0 ? 1 : strtoull(nth, NULL, 10);
  r->last = strcmp(nth, "*") == 0 || strchr(nth, '+') != NULL ? UINT64_MAX : r->first;
  if (r->first == 0) refuse("calls are counted from 1", line);
  int known = -1;
  for (int i = 0; i <= act_stop; i++) {
    if (strcmp(action, action_names[i]) == 0) known = i;
  }
  if (known < 0) refuse("unknown action", line);
  r->action = (enum action)known;
  if (known <= act_step && fields < 5) refuse("the action needs a value", line);
  r->value = strtoll(value, NULL, 10);
  // The seam makes such a call again.
  if (known == act_errno && r->value == EINTR && r->last == UINT64_MAX) refuse("a call interrupted for ever ends never", line);
  if (++rule_count == rules_max) refuse("too many rules", line);
}

static int is_same(const struct stat *a, const struct stat *b) {
  return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
         a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

// Reads the plan if it is another one than before. With the guard.
static void read_plan(void) {
  struct stat now;
  if (plan == NULL || (stat(plan, &now) == 0 && is_same(&now, &plan_seen))) return;
  FILE *file = fopen(plan, "re");
  if (file == NULL || fstat(fileno(file), &plan_seen) != 0) refuse("cannot be opened", 0);
  rule_count = 0;
  char line[512];
  for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) parse_rule(line, number);
  fclose(file);
}

__attribute__((constructor)) static void load_plan(void) {
  const char *report_path = getenv("OMS_FAULT_REPORT");
  if (report_path != NULL) report = open(report_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  plan = getenv("OMS_FAULT_PLAN");
  read_plan();
}

static void find_path(int descriptor, char *out, size_t capacity) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t got = descriptor >= 0 ? readlink(link, out, capacity - 1) : -1;
  out[got > 0 ? got : 0] = 0;
}

// The rule that fires at this call, copied, or 0. Every rule that matches counts the call. With the guard.
static int match(const char *call, const char *path, rule *fired) {
  int found = 0;
  for (int i = 0; i < rule_count; i++) {
    rule *r = &rules[i];
    if (strcmp(r->call, "*") != 0 && strcmp(r->call, call) != 0) continue;
    if (strcmp(r->path, "*") != 0 && strstr(path, r->path) == NULL) continue;
    r->seen++;
    if (found || r->seen < r->first || r->seen > r->last) continue;
    *fired = *r;
    found = 1;
  }
  return found;
}

static void tell(const rule *fired, const char *call, const char *path) {
  if (report < 0) return;
  dprintf(report, "%d %s %s %llu %s\n", fired->line, call, path[0] != 0 ? path : "-",
          (unsigned long long)fired->seen, action_names[fired->action]);
}

int64_t cc_fault_clock(void) {
  if (plan == NULL) return 0;
  rule fired = {0};
  pthread_mutex_lock(&guard);
  read_plan();
  if (match("realtime", "", &fired) && fired.action == act_step) {
    clock_offset += fired.value;
    tell(&fired, "realtime", "");
  }
  int64_t offset = clock_offset;
  pthread_mutex_unlock(&guard);
  return offset;
}

int cc_fault_consult(const char *call, const char *path, int descriptor, size_t *length) {
  if (plan == NULL) return 0;
  char found_path[512];
  rule fired = {0};
  pthread_mutex_lock(&guard);
  read_plan();
  if (path == NULL && rule_count > 0) {
    find_path(descriptor, found_path, sizeof found_path);
    path = found_path;
  }
  int found = rule_count > 0 && match(call, path, &fired);
  pthread_mutex_unlock(&guard);
  if (!found) return 0;
  // A short transfer needs a length to shorten; elsewhere the rule has not fired.
  if (fired.action == act_short && (length == NULL || *length <= (size_t)fired.value)) return 0;
  tell(&fired, call, path);
  switch (fired.action) {
    case act_errno: return -(int)fired.value;
    case act_short: *length = (size_t)fired.value; return 0;
    case act_delay: {
      struct timespec rest = {.tv_sec = fired.value / 1000000000, .tv_nsec = fired.value % 1000000000};
      while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
      }
      return 0;
    }
    case act_step: return 0;
    case act_kill: raise(SIGKILL); return 0;
    case act_stop: raise(SIGSTOP); return 0;
  }
  return 0;
}

#endif
