// Package bench measures what accounting for a packet costs in the kernel,
// beside the ways of other flow monitors, with the same packets in one run:
//
//	go test ./bpf/bench -bench . -benchtime 1x
//
// Figures are the kernel's own, of BPF_PROG_TEST_RUN: the least of several
// rounds, since a busy machine only adds. A table at the end gives the ratios, by
// which machines compare. It has no code of its own.
package bench

//go:generate go tool bpf2go -go-package bench -target amd64,arm64 -no-global-types account ../src/bench_account.bpf.c -- -O2 -Wall -Werror -mcpu=v3 -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/aarch64-linux-gnu
//go:generate go tool bpf2go -go-package bench -target amd64,arm64 -no-global-types peers ../src/bench_peers.bpf.c -- -O2 -Wall -Werror -mcpu=v3 -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/aarch64-linux-gnu
