//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Accounting with the kernel's LRU hash. */
#include "store_lru.h"
#include "account_xdp.h"
#include "account_tcx.h"
#include "clock.h"
#include "redirect.h"

char _license[] SEC("license") = "Dual BSD/GPL";
