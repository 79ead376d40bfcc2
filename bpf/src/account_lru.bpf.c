//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Accounting with the kernel's LRU hash. */
#include "store_lru.h"
#include "account.h"
#include "feed.h"
