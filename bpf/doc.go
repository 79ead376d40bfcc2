// Package bpf counts every packet of an interface in the kernel, and holds back
// frames from user space that inspection no longer needs.
//
//	                   kernel                                       this package
//	wire ─► XDP or TCX: sw_xdp, sw_tc_in, sw_tc_out
//	           │  totals per interface, VLAN and reason ───────────► Stats, VLANs
//	           │  bytes of each millisecond ───────────────────────► Milliseconds
//	           │  flows: one shard per CPU, mapped ────────────────► ReadFlows
//	           └─ a flow that had to make room: ring per CPU ──────► Evictions
//	tap ──► sw_feed, a socket filter ─► AF_PACKET socket            FeedProgram
//	           └─ flows to hold back, with what was held back ◄────► Shunt, Unshunt
//
//	or, with Config.Redirect, for ports that nobody else listens on:
//	wire ─► XDP: sw_xdp_feed, counts and holds back alike ─► AF_XDP sockets   BindQueue
//
// Without Redirect and Drop the programs never change what happens to a packet: XDP
// programs pass, TCX programs leave the verdict to others. With Drop, XDP drops what
// no socket gets, on ports that nobody else listens on. They are attached by bpf_link, so that
// the kernel removes them when the process ends, however it ends.
//
// Conservation. Whenever no packet is being counted,
//
//	totals of the interface = Σ flows read by ReadFlows + Σ flows got from Evictions
//	                        + Stats.Lost + Σ Stats.Refused
//
// exactly, in packets and bytes of the wire, for outermost packets; and the same
// with Stats.Inner for packets within tunnels, if these are followed. The store
// of flows is bounded; a full set hands over a flow that was not used lately.
// Copies of a frame within Config.DuplicateWindow are refused, as duplicates, and
// held back from the sockets too.
//
// A Programs serves one interface. Its reading methods may be called from any
// one goroutine at a time; Shunt, Unshunt, Stats, Attached and those about queues
// from any. Records given to a callback are borrowed until the callback returns.
//
// Needs Linux 5.13, on amd64 or arm64, and CAP_BPF, CAP_PERFMON and
// CAP_NET_ADMIN while it loads, none of them later; elsewhere Load answers
// ErrNotSupported. Tested on 6.18.
package bpf

//go:generate go tool bpf2go -go-package bpf -target amd64,arm64 -type reason -type side -type tunnel_kind -type feed_verdict -type flow_slot -type flow_name account src/account.bpf.c -- -O2 -Wall -Werror -mcpu=v3 -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/aarch64-linux-gnu
//go:generate go tool bpf2go -go-package bpf -target amd64,arm64 -no-global-types -type flow_counts accountLru src/account_lru.bpf.c -- -O2 -Wall -Werror -mcpu=v3 -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/aarch64-linux-gnu
