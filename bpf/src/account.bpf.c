//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Accounting with the array store: the one that is used wherever it can be. */
#include "store_array.h"
#include "account.h"
#include "feed.h"
