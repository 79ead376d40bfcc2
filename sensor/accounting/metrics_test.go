package accounting

import (
	"strings"
	"testing"

	"spanwatch/bpf"
	"spanwatch/exporter/metrics"
)

// TestMetricsShowWhatWasCounted: of an interface, and both sides of the equation.
func TestMetricsShowWhatWasCounted(t *testing.T) {
	kernel := newFake(4, 4)
	kernel.packet(0, 0, 100)
	kernel.stats.Refused[0][bpf.ReasonNonIPARP] = counts(2, 120)
	kernel.stats.Total[bpf.Ingress].Add(counts(2, 120))
	kernel.stats.Feed[bpf.VerdictShedShunted] = counts(7, 700)
	kernel.milliseconds = []bpf.Millisecond{
		{Start: 1, Total: [2]bpf.Count{counts(1, 1023)}}, // the largest of the first bucket
		{Start: 2, Total: [2]bpf.Count{counts(2, 1024)}},
		{Start: 3, Total: [2]bpf.Count{counts(3, 1<<40)}}, // above the last
	}
	k := counting(kernel, Options{})
	k.devices[0].choice = k.choices[0]
	round(k, table(t, nil))
	k.publishView()
	registry := metrics.NewRegistry("test")
	registry.Add(k.MetricsSource())
	var b strings.Builder
	if err := registry.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`spanwatch_kernel_packets_total{interface="eth0",direction="in"} 3`,
		`spanwatch_kernel_bytes_total{interface="eth0",direction="in"} 220`,
		`spanwatch_kernel_packets_total{interface="eth0",direction="out"} 0`,
		`spanwatch_kernel_refused_packets_total{interface="eth0",reason="non_ip_arp"} 2`,
		`spanwatch_kernel_refused_bytes_total{interface="eth0",reason="non_ip_arp"} 120`,
		`spanwatch_kernel_vlan_packets_total{interface="eth0",vlan="10",direction="in"} 3`,
		`spanwatch_kernel_feed_packets_total{interface="eth0",verdict="shed_shunted"} 7`,
		`spanwatch_kernel_unread_packets{interface="eth0"} 0`,
		`spanwatch_kernel_flows_total{interface="eth0",state="new"} 1`,
		`spanwatch_kernel_attached{interface="eth0",hook="xdp-native"} 1`,
		`_bucket{interface="eth0",direction="in",le="1023"} 1`,
		`_bucket{interface="eth0",direction="in",le="2047"} 2`,
		`_bucket{interface="eth0",direction="in",le="1.34217727e+08"} 2`,
		`_bucket{interface="eth0",direction="in",le="+Inf"} 3`,
		`spanwatch_accounting_balance{equation="kernel_packets"} 0`,
	} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

func TestOneFlowInSoManyIsAskedOfAllInterfaces(t *testing.T) {
	one, two := newFake(1, 1), newFake(1, 1)
	k := counting(one, Options{})
	k.devices = append(k.devices, newDevice(two, bpf.StoreArray, "eth1", 1))
	if err := k.Sample(5); err != nil || one.sample != 5 || two.sample != 5 {
		t.Errorf("sampled %d and %d: %v", one.sample, two.sample, err)
	}
}
