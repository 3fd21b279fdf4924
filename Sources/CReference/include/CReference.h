// What benchmarks are held against: the least work that does each job. Only Bench uses it; nothing here trades.
#ifndef CREFERENCE_H
#define CREFERENCE_H

#include "cr_book.h"
#include "cr_check.h"
#include "cr_echo.h"
#include "cr_file.h"
#include "cr_flow.h"
#include "cr_hmac.h"
#include "cr_line.h"

#endif
