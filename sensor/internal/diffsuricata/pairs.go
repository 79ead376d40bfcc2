package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"spanwatch/sensor/internal/eventdiff"
)

// end is one side of a five-tuple.
type end struct {
	IP   netip.Addr
	Port uint16
}

// tuple is a five-tuple without direction: A is the lesser end.
type tuple struct {
	Proto string
	A, B  end
}

func (t tuple) String() string {
	return fmt.Sprintf("%s %s:%d %s:%d", t.Proto, t.A.IP, t.A.Port, t.B.IP, t.B.Port)
}

// pair is what is compared of alerts: a rule and the flow it matched on.
type pair struct {
	Capture int // index
	Sid     int
	Flow    tuple
}

// seen is what one side says of a pair.
type seen struct {
	packets []uint64 // number of each alert's packet, 0 when a flow's end raised it
	app     string
	msg     string
}

// count is the number of alerts; of none there is no seen.
func (s *seen) count() int {
	if s == nil {
		return 0
	}
	return len(s.packets)
}

// sighting is what one side said of all captures.
type sighting struct {
	pairs   map[pair]*seen
	records map[place]map[string][]map[string]any // by type
	flows   map[place][]map[string]any
	alerts  map[pair][]map[string]any // the first maxMembers of each
}

// maxMembers of a pair's alerts are compared member by member.
const maxMembers = 3

// place is a flow of a capture.
type place struct {
	capture int
	flow    tuple
}

func newSighting() *sighting {
	return &sighting{pairs: map[pair]*seen{}, records: map[place]map[string][]map[string]any{}, flows: map[place][]map[string]any{}, alerts: map[pair][]map[string]any{}}
}

// read takes in the eve.json of one capture; a missing one has no events.
func (s *sighting) read(capture int, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event map[string]any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s.add(capture, event)
	}
	return lines.Err()
}

// notRecords are the event types that are neither compared as records nor
// otherwise: what they say is each sensor's own affair.
var notRecords = map[string]bool{"stats": true, "netflow": true, "": true}

func (s *sighting) add(capture int, event map[string]any) {
	kind := text(event, "event_type")
	at := place{capture, flowOf(event)}
	switch {
	case kind == "alert":
		alert, _ := event["alert"].(map[string]any)
		p := pair{capture, int(number(alert, "signature_id")), at.flow}
		v := s.pairs[p]
		if v == nil {
			v = &seen{app: text(event, "app_proto"), msg: text(alert, "signature")}
			s.pairs[p] = v
		}
		v.packets = append(v.packets, uint64(number(event, "pcap_cnt")))
		if s.alerts[p] = append(s.alerts[p], event); len(s.alerts[p]) > maxMembers {
			s.alerts[p] = s.alerts[p][:maxMembers]
		}
	case kind == "flow":
		s.flows[at] = append(s.flows[at], event)
	case !notRecords[kind]:
		if s.records[at] == nil {
			s.records[at] = map[string][]map[string]any{}
		}
		s.records[at][kind] = append(s.records[at][kind], event)
	}
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func number(m map[string]any, name string) float64 {
	n, _ := m[name].(float64)
	return n
}

func flowOf(event map[string]any) tuple {
	side := func(ip, port string) end {
		a, _ := netip.ParseAddr(text(event, ip))
		return end{a, uint16(number(event, port))}
	}
	t := tuple{strings.ToUpper(text(event, "proto")), side("src_ip", "src_port"), side("dest_ip", "dest_port")}
	if c := t.B.IP.Compare(t.A.IP); c < 0 || c == 0 && t.B.Port < t.A.Port {
		t.A, t.B = t.B, t.A
	}
	return t
}

// flowFacts are the members of a flow record that must agree.
var flowFacts = []string{"pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "start", "end", "state", "reason", "alerted"}

// outline reduces a flow record to what is compared.
func outline(event map[string]any) map[string]any {
	flow, _ := event["flow"].(map[string]any)
	o := object{"app_proto": event["app_proto"], "src_ip": event["src_ip"], "src_port": event["src_port"]}
	for _, name := range flowFacts {
		o[name] = flow[name]
	}
	return object{"flow": o}
}

// ownMembers of an event are each sensor's own affair.
var ownMembers = map[string]bool{"flow_id": true, "event_type": true, "host": true, "event_id": true, "sensor": true, "in_iface": true, "seq": true}

// whole makes all that an event says the object that is compared.
func whole(event map[string]any, kind string) map[string]any {
	o := object{}
	for name, v := range event {
		if !ownMembers[name] {
			o[name] = v
		}
	}
	return object{kind: o}
}

// compareRecords pairs flow, application and anomaly records, flow by flow.
// With members all that records say is compared, and alerts as well.
func compareRecords(suricata, ours *sighting, captures []string, members bool) *eventdiff.Report {
	report := eventdiff.New()
	places := map[place]bool{}
	for _, s := range []*sighting{suricata, ours} {
		for at := range s.records {
			places[at] = true
		}
		for at := range s.flows {
			places[at] = true
		}
	}
	each := func(events []map[string]any, what func(map[string]any) map[string]any) (list []map[string]any) {
		for _, e := range events {
			list = append(list, what(e))
		}
		return list
	}
	for at := range places {
		name := fmt.Sprintf("%s %s", captures[at.capture], at.flow)
		report.Add(name, "flow", each(suricata.flows[at], outline), each(ours.flows[at], outline))
		kinds := map[string]bool{}
		for kind := range suricata.records[at] {
			kinds[kind] = true
		}
		for kind := range ours.records[at] {
			kinds[kind] = true
		}
		for kind := range kinds {
			want, have := suricata.records[at][kind], ours.records[at][kind]
			if members {
				all := func(e map[string]any) map[string]any { return whole(e, kind) }
				want, have = each(want, all), each(have, all)
			}
			report.Add(name, kind, want, have)
		}
	}
	if !members {
		return report
	}
	all := func(e map[string]any) map[string]any { return whole(e, "alert") }
	for p, want := range suricata.alerts {
		have := ours.alerts[p]
		if len(have) == 0 {
			continue // a difference of pairs
		}
		report.Add(fmt.Sprintf("%s sid %d %s", captures[p.Capture], p.Sid, p.Flow), "alert", each(want, all), each(have, all))
	}
	return report
}
