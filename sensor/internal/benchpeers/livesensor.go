//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// sensor is a program that captures from the interface rx.
type sensor struct {
	tool
	ready   string // what it prints when it captures
	command func(w liveWork, dir string) ([]string, error)
	counts  func(stats map[string]any) sensorCounts
}

// liveRingBytes is the size of each sensor's ring.
const liveRingBytes = 64 << 20

// liveHomeNet is the own network of both sensors.
const liveHomeNet = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"

func sensorOf(t tool) sensor {
	x := sensor{tool: t}
	switch t.name {
	case "spanwatch":
		x.ready, x.command, x.counts = "capturing from", liveSpanwatch, spanwatchCounts
	case "suricata":
		x.ready, x.command, x.counts = "Engine started", liveSuricata, suricataCounts
	}
	return x
}

func liveSpanwatch(w liveWork, dir string) ([]string, error) {
	argv := []string{"bin/spanwatch", "run", "-i", "rx", "-o", dir, "--workers", fmt.Sprint(w.workers),
		"--set", "events.types=flow,alert,overload,stats", "--set", "events.stats-interval=1s", "--set", "decode.checksums=off",
		"--set", fmt.Sprintf("capture.ring-size=%d", liveRingBytes),
		"--set", "rules.address-vars.HOME_NET=" + liveHomeNet, "--set", "rules.address-vars.EXTERNAL_NET=!$HOME_NET"}
	argv = append(argv, "-r", w.rules)
	for _, set := range w.set {
		argv = append(argv, "--set", set)
	}
	return argv, nil
}

func spanwatchCounts(stats map[string]any) sensorCounts {
	c := sensorCounts{
		seen: uint64(at(stats, "capture", "kernel_packets")), dropped: uint64(at(stats, "capture", "kernel_drops")),
		decoded: uint64(at(stats, "decoder", "pkts")),
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
func liveSuricata(w liveWork, dir string) ([]string, error) {
	config := filepath.Join(dir, "suricata.yaml")
	// block-size and ring-size: the ring is as many blocks of 1 MiB as hold
	// ring-size frames of the default packet size.
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
    block-size: 1048576
    checksum-checks: no
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [flow, alert: {payload: yes, payload-printable: yes}, stats: {totals: yes, threads: no}]}
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
`, w.workers, liveRingBytes/1600, liveHomeNet)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return []string{"suricata", "-c", config, "--af-packet=rx", "-S", w.rules, "-l", dir, "-k", "none", "--runmode=workers"}, nil
}

func suricataCounts(stats map[string]any) sensorCounts {
	return sensorCounts{
		seen: uint64(at(stats, "capture", "kernel_packets")), dropped: uint64(at(stats, "capture", "kernel_drops")),
		decoded: uint64(at(stats, "decoder", "pkts")),
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
