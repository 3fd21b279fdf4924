#include "cc_thread.h"
