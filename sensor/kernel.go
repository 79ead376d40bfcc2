package main

import (
	"fmt"
	"io"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture/afpacket"
	"spanwatch/sensor/config"
)

// accountingOptions turns the configuration into that of kernel accounting.
func accountingOptions(cfg *config.Config) accounting.Options {
	c, k := &cfg.Capture, &cfg.Capture.Kernel
	o := accounting.Options{
		Interfaces: c.Interfaces, Off: c.Accounting == "off",
		Flows: k.Flows, EvictionBytes: int(k.EvictionRing), ShuntFlows: k.ShuntFlows,
		TunnelDepth: k.TunnelDepth, DuplicateWindow: k.DuplicateWindow, Drop: k.Drop, BurstEvery: k.BurstEvery,
		Interval: k.Interval, Filtered: c.Filter != "", Redirect: c.Method == methodAFXDP,
		Workers: cfg.Workers,
		Owner: func(key *decoders.FlowKey) int {
			return afpacket.HostsWorker(key.AddrA, key.AddrB, key.IPVersion, cfg.Workers)
		},
	}
	switch c.Accounting {
	case "xdp":
		o.Hook = bpf.HookXDPNative
	case "tcx":
		o.Hook = bpf.HookTCX
	case "xdp-generic":
		o.Hook = bpf.HookXDPGeneric
	}
	tunnels := func(ports []uint16, kind bpf.Tunnel, anyPort bool) {
		for _, port := range ports {
			o.UDPTunnels = append(o.UDPTunnels, bpf.UDPTunnel{Port: port, Kind: kind, AnyPort: anyPort})
		}
	}
	tunnels(cfg.Decode.GenevePorts, bpf.TunnelGeneve, true)
	tunnels(cfg.Decode.VXLANPorts, bpf.TunnelVXLAN, false)
	tunnels(cfg.Decode.GTPUPorts, bpf.TunnelGTPU, true)
	return o
}

// writeChoices prints how each interface is counted, and why.
func writeChoices(w io.Writer, choices []accounting.Choice) {
	for i := range choices {
		fmt.Fprintln(w, &choices[i])
	}
}
