//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sensor is a program that captures from the interface rx.
type sensor struct {
	tool
	label   string
	ready   string // what it prints when it captures
	command func(w liveWork, dir string) ([]string, error)
	counts  func(stats map[string]any) sensorCounts
	check   func(w liveWork, pid int) error // that it is set up as meant; nil for nothing to check
}

// liveRingBytes is the size of each sensor's ring.
const liveRingBytes = 64 << 20

// liveBlockBytes is the size of a block of it.
const liveBlockBytes = 1 << 20

// checkSuricataRing looks at the mapping of the ring that Suricata made of its
// settings: it must be as large as ours, but for a few blocks.
func checkSuricataRing(w liveWork, pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	mapped := uint64(0)
	for _, line := range strings.Split(string(text), "\n") {
		var from, to uint64
		if !strings.Contains(line, "socket:") {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		mapped += to - from
	}
	want, tolerance := uint64(w.workers)*liveRingBytes, uint64(w.workers)*4*liveBlockBytes
	if mapped+tolerance < want || mapped > want+tolerance {
		return fmt.Errorf("its rings have %d bytes, and are to have %d", mapped, want)
	}
	return nil
}

// liveHomeNet is the own network of both sensors.
const liveHomeNet = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"

// sensorsOf returns the ways of a tool to capture: of spanwatch by each of the methods.
func sensorsOf(t tool, methods []string) (all []sensor) {
	switch t.name {
	case "spanwatch":
		for _, way := range methods {
			all = append(all, sensor{tool: t, label: "spanwatch " + way, ready: "capturing from", counts: spanwatchCounts,
				command: func(w liveWork, dir string) ([]string, error) { return liveSpanwatch(w, way, dir) }})
		}
	case "suricata":
		for _, way := range []string{"", withMemory, withMemory + bypass} {
			all = append(all, sensor{tool: t, label: t.name + way, ready: "Engine started", counts: suricataCounts, check: checkSuricataRing,
				command: func(w liveWork, dir string) ([]string, error) { return liveSuricata(w, way, dir) }})
		}
	}
	return all
}

// Marks of ways.
const (
	bypass     = "+bypass" // inspects no more than is worth it
	withMemory = "+memory" // may take as much memory as the work needs
)

func liveSpanwatch(w liveWork, way, dir string) ([]string, error) {
	method, bypasses := strings.CutSuffix(way, bypass)
	argv := []string{"bin/spanwatch", "run", "-i", "rx", "-o", dir, "--workers", fmt.Sprint(w.workers), "--set", "capture.method=" + method,
		"--set", "events.stats-interval=1s", "--set", "decode.checksums=off", "--set", "overload.enabled=false",
		"--set", fmt.Sprintf("capture.ring-size=%d", liveRingBytes),
		"--set", "rules.address-vars.HOME_NET=" + liveHomeNet, "--set", "rules.address-vars.EXTERNAL_NET=!$HOME_NET"}
	argv = append(argv, "-r", w.rules)
	if w.events == eventsAlerts {
		argv = append(argv, "--set", "events.types=flow,alert,overload,stats")
	}
	if bypasses {
		argv = append(argv, "--set", "app.tls.encryption-handling=bypass", "--set", "stream.bypass=true")
	}
	for _, set := range w.set {
		argv = append(argv, "--set", set)
	}
	return argv, nil
}

func spanwatchCounts(stats map[string]any) sensorCounts {
	c := sensorCounts{
		seen: uint64(at(stats, "capture", "kernel_packets")), dropped: uint64(at(stats, "capture", "kernel_drops")),
		decoded: uint64(at(stats, "decoder", "pkts")),
		counted: uint64(at(stats, "flow_bypassed", "local_capture_pkts") + at(stats, "flow_bypassed", "sampled_out_pkts")),
		// A flow that ended to make room, a session that there was no room for, a
		// segment, and what was held of a session to make room.
		uninspected: uint64(at(stats, "flow", "end", "forced") + at(stats, "tcp", "ssn_memcap_drop") + at(stats, "tcp", "segment_memcap_drop") +
			at(stats, "tcp", "reassembly_evicted")),
	}
	for _, equation := range []string{"frames", "bytes", "inspection"} {
		if n := at(stats, "accounting", equation, "balance"); n != 0 {
			c.balance = int64(n)
		}
	}
	return c
}

// liveSuricata runs Suricata as its package configures it, but for its outputs
// and for the capture, which is to be like ours: AF_PACKET with TPACKET_V3, the
// same ring, as many threads.
func liveSuricata(w liveWork, way, dir string) ([]string, error) {
	config := filepath.Join(dir, "suricata.yaml")
	// The ring is one block more than hold ring-size frames, each counted as one of
	// the interface's MTU with its headers in the ring (see checkSuricataRing).
	perBlock := liveBlockBytes / (w.mtu + 120)
	types := everyEvent + "\n        - stats: {totals: yes, threads: no}\n"
	if w.events == eventsAlerts {
		types = "[flow, alert: {payload: yes, payload-printable: yes}, stats: {totals: yes, threads: no}]"
	}
	text := fmt.Sprintf(`%%YAML 1.1
---
include: /etc/suricata/suricata.yaml
af-packet:
  - interface: rx
    threads: %d
    cluster-id: 99
    cluster-type: cluster_flow
    defrag: yes
    use-mmap: yes
    tpacket-v3: yes
    ring-size: %d
    block-size: %d
    checksum-checks: no
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      community-id: true
      types: %s
stats: {enabled: yes, interval: 1}
vars:
  address-groups:
    HOME_NET: "%s"
    EXTERNAL_NET: "!$HOME_NET"
    HTTP_SERVERS: "$HOME_NET"
    SMTP_SERVERS: "$HOME_NET"
    SQL_SERVERS: "$HOME_NET"
    DNS_SERVERS: "$HOME_NET"
    TELNET_SERVERS: "$HOME_NET"
    AIM_SERVERS: "$EXTERNAL_NET"
    DC_SERVERS: "$HOME_NET"
    DNP3_SERVER: "$HOME_NET"
    DNP3_CLIENT: "$HOME_NET"
    MODBUS_CLIENT: "$HOME_NET"
    MODBUS_SERVER: "$HOME_NET"
    ENIP_CLIENT: "$HOME_NET"
    ENIP_SERVER: "$HOME_NET"
  port-groups:
    HTTP_PORTS: "80"
    SHELLCODE_PORTS: "!80"
    ORACLE_PORTS: 1521
    SSH_PORTS: 22
    DNP3_PORTS: 20000
    MODBUS_PORTS: 502
    FILE_DATA_PORTS: "[$HTTP_PORTS,110,143]"
    FTP_PORTS: 21
    GENEVE_PORTS: 6081
    VXLAN_PORTS: 4789
    TEREDO_PORTS: 3544
`, w.workers, (liveRingBytes/liveBlockBytes-1)*perBlock, liveBlockBytes, types, liveHomeNet)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	argv := []string{"suricata", "-c", config, "--af-packet=rx", "-S", w.rules, "-l", dir, "-k", "none", "--runmode=workers"}
	if strings.Contains(way, withMemory) {
		argv = append(argv, "--set", "flow.memcap=2gb", "--set", "flow.hash-size=1048576", "--set", "stream.memcap=1gb", "--set", "stream.reassembly.memcap=2gb")
	}
	if strings.Contains(way, bypass) {
		argv = append(argv, "--set", "app-layer.protocols.tls.encryption-handling=bypass", "--set", "stream.bypass=yes")
	}
	return argv, nil
}

func suricataCounts(stats map[string]any) sensorCounts {
	return sensorCounts{
		seen: uint64(at(stats, "capture", "kernel_packets")), dropped: uint64(at(stats, "capture", "kernel_drops")),
		decoded: uint64(at(stats, "decoder", "pkts")),
		// A flow, a session and a segment that there was no room for, and data that
		// found none in its stream.
		uninspected: uint64(at(stats, "flow", "memcap") + at(stats, "tcp", "ssn_memcap_drop") + at(stats, "tcp", "segment_memcap_drop") +
			at(stats, "tcp", "insert_data_normal_fail") + at(stats, "tcp", "insert_data_overlap_fail")),
	}
}

// at returns the number at a path of nested objects; 0 where there is none.
func at(object map[string]any, path ...string) float64 {
	for _, name := range path[:len(path)-1] {
		inner, ok := object[name].(map[string]any)
		if !ok {
			return 0
		}
		object = inner
	}
	n, _ := object[path[len(path)-1]].(float64)
	return n
}
