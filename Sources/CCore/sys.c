#include "cc_sys.h"
