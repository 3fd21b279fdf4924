#include "cc_shm.h"
