#include "cc_hash.h"
