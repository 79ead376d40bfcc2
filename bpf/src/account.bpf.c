//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Accounting with the array store: the one that is used wherever it can be. */
#include "store_array.h"
#include "account_xdp.h"
#include "account_tcx.h"
#include "clock.h"
#include "redirect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

EXPORT(enum reason, export_reason);
EXPORT(enum side, export_side);
EXPORT(enum tunnel_kind, export_tunnel_kind);
EXPORT(enum feed_verdict, export_feed_verdict);
EXPORT(struct flow_slot, export_flow_slot);
EXPORT(struct flow_name, export_flow_name);
