//go:build linux

// Package netnstest gives tests network namespaces of their own, veth pairs
// inside them, and a sender of known frames.
//
//	ns := netnstest.Enter(t)                 // this goroutine's thread is now inside
//	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
//	netnstest.OpenSender(t, "tx").Send(t, frames)
//	… capture on rx …
//	ns.Counters(t, "rx")                     // what `ip -s link` says
//
// A namespace has no name in the file system: it lives as long as a thread, a
// descriptor or a socket is in it, so that nothing is left behind by a test that
// fails, panics or is killed. The links have no addresses, and IPv6 and ARP are
// off, so that what passes is what the test sends.
//
// Tests without the right to make namespaces are skipped with the reason; where
// the environment variable SPANWATCH_TEST_REQUIRE contains "netns", they fail.
package netnstest
