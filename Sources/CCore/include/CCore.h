// Umbrella: includes the other headers, nothing else.
#ifndef CCORE_H
#define CCORE_H

#include "cc_client.h"
#include "cc_clock.h"
#include "cc_digest.h"
#include "cc_door.h"
#include "cc_fault.h"
#include "cc_hash.h"
#include "cc_histogram.h"
#include "cc_journal.h"
#include "cc_layout.h"
#include "cc_net.h"
#include "cc_owner.h"
#include "cc_pages.h"
#include "cc_process.h"
#include "cc_ring.h"
#include "cc_secret.h"
#include "cc_seqlock.h"
#include "cc_shm.h"
#include "cc_sys.h"
#include "cc_table.h"
#include "cc_tcp.h"
#include "cc_thread.h"
#include "cc_tls.h"
#include "cc_yaml.h"
#include "cc_zstd.h"

#endif
