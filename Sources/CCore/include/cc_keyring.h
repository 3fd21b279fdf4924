// The kernel's keyring of a session: where an unlocked keystore's key lies between two commands, in no file and in no
// process. And what keeps a process that holds secrets out of the hands of others.
//
// As in cc_sys.h: a number or 0 on success, a negative errno otherwise.
#ifndef CC_KEYRING_H
#define CC_KEYRING_H

#include <stddef.h>
#include <stdint.h>

/// Puts `bytes` under `name` into the session's keyring, in place of what was there. `seconds` > 0: the kernel forgets
/// them after that time. -ENOSYS, -EPERM: this kernel has none for us.
int cc_keyring_put(const char *name, const void *bytes, size_t length, uint32_t seconds);
/// What lies under `name`; returns its length, -ENOKEY when there is nothing.
int64_t cc_keyring_get(const char *name, void *out, size_t capacity);
/// Takes it away from all who share the keyring. -ENOKEY when there is nothing.
int cc_keyring_remove(const char *name);

/// From here on this process has no core dump, and nobody but root may look into it.
int cc_process_conceal(void);

#endif
