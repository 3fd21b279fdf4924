#include "cc_clock.h"
