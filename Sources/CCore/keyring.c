#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char type[] = "user";

static long control(int operation, unsigned long a, unsigned long b, unsigned long c) {
  long status = syscall(SYS_keyctl, operation, a, b, c, 0);
  return status < 0 ? -errno : status;
}

// The number of the session's keyring. Where nobody made one at log-in it is the user's; asked for by its special number
// to add to, the kernel would make one that ends with this process.
static long session(void) { return control(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0); }

static long find(const char *name) {
  long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, type, name, 0);
  if (key >= 0) return key;
  // One whose time is over, or that was taken away, is none.
  return errno == EKEYEXPIRED || errno == EKEYREVOKED || errno == EACCES ? -ENOKEY : -errno;
}

int cc_keyring_put(const char *name, const void *bytes, size_t length, uint32_t seconds) {
  long keyring = session();
  if (keyring < 0) return (int)keyring;
  long key = syscall(SYS_add_key, type, name, bytes, length, keyring);
  if (key < 0) return -errno;
  long status = control(KEYCTL_SET_TIMEOUT, (unsigned long)key, seconds, 0);
  return status < 0 ? (int)status : 0;
}

int64_t cc_keyring_get(const char *name, void *out, size_t capacity) {
  long key = find(name);
  if (key < 0) return key;
  long length = control(KEYCTL_READ, (unsigned long)key, (unsigned long)out, capacity);
  if (length < 0) return length;
  return (size_t)length <= capacity ? length : -ERANGE;
}

int cc_keyring_remove(const char *name) {
  long key = find(name);
  if (key < 0) return (int)key;
  // Revoking reaches those who hold the key by number; unlinking lets its memory go.
  long status = control(KEYCTL_REVOKE, (unsigned long)key, 0, 0);
  long keyring = session();
  if (keyring >= 0) control(KEYCTL_UNLINK, (unsigned long)key, (unsigned long)keyring, 0);
  return status < 0 ? (int)status : 0;
}

int cc_process_conceal(void) {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) < 0) return -errno;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
