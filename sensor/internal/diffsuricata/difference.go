package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// difference is one pair on which the two disagree.
type difference struct {
	pair
	Suricata, Spanwatch int // alerts
	Msg                 string
	App                 string
	Packet              uint64 // Suricata's first, or the first that differs
	Other               uint64 // spanwatch's, of alerts on other packets
	Alone               string // what becomes of it when the flow is replayed alone, see isolate
}

// only says whose it is.
func (d *difference) only() string {
	switch {
	case d.Spanwatch == 0:
		return "suricata"
	case d.Suricata == 0:
		return "spanwatch"
	case d.Spanwatch == d.Suricata:
		return "packets"
	}
	return "count"
}

// compare returns the pairs that differ, and how many are common. With packets
// alerts that are as many, on other packets, differ too.
func compare(suricata, ours *sighting, packets bool) (diffs []difference, common int) {
	for p, s := range suricata.pairs {
		d := difference{pair: p, Suricata: s.count(), Msg: s.msg, App: s.app, Packet: s.packets[0]}
		if o := ours.pairs[p]; o != nil {
			common++
			if o.count() == s.count() {
				i := otherPacket(s.packets, o.packets)
				if !packets || i < 0 {
					continue
				}
				d.Packet, d.Other = s.packets[i], o.packets[i]
			}
			d.Spanwatch = o.count()
		}
		diffs = append(diffs, d)
	}
	for p, o := range ours.pairs {
		if suricata.pairs[p] == nil {
			diffs = append(diffs, difference{pair: p, Spanwatch: o.count(), Msg: o.msg, App: o.app, Packet: o.packets[0]})
		}
	}
	slices.SortFunc(diffs, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.Capture, b.Capture), cmp.Compare(a.only(), b.only()), cmp.Compare(a.Sid, b.Sid), cmp.Compare(a.Flow.String(), b.Flow.String()))
	})
	return diffs, common
}

// otherPacket is the index of the first alert on another packet, negative when
// there is none; each list is put in order.
func otherPacket(suricata, ours []uint64) int {
	slices.Sort(suricata)
	slices.Sort(ours)
	for i, packet := range suricata {
		if ours[i] != packet {
			return i
		}
	}
	return -1
}

// result is what a comparison of alerts says.
type result struct {
	captures []string
	suricata int // pairs
	ours     int
	common   int
	diffs    []difference
}

// print writes the counts, then each difference.
func (r *result) print(w io.Writer) {
	fmt.Fprintf(w, "pairs of sid and flow: suricata %d, spanwatch %d, common %d (%s)\n", r.suricata, r.ours, r.common, percent(r.common, r.suricata))
	causes := map[[2]string]int{}
	for i := range r.diffs {
		causes[[2]string{r.diffs[i].only(), r.diffs[i].Alone}]++
	}
	for _, only := range []string{"suricata", "spanwatch", "count", "packets"} {
		for _, alone := range []string{"", aloneSame, aloneDiffers, aloneNot} {
			if n := causes[[2]string{only, alone}]; n > 0 {
				fmt.Fprintf(w, "  %-10s %5d  %s\n", only, n, alone)
			}
		}
	}
	for i := range r.diffs {
		d := &r.diffs[i]
		packet := fmt.Sprint(d.Packet)
		if d.only() == "packets" {
			packet = fmt.Sprintf("%d/%d", d.Packet, d.Other)
		}
		fmt.Fprintf(w, "%-9s %d/%d sid %d %q app %s packet %s %s  %s  %s\n", d.only(), d.Suricata, d.Spanwatch, d.Sid, d.Msg, d.App, packet, d.Flow, r.captures[d.Capture], d.Alone)
	}
}

func percent(n, of int) string {
	if of == 0 {
		return "100 %"
	}
	return fmt.Sprintf("%.2f %% of Suricata's", 100*float64(n)/float64(of))
}

// encode writes one JSON object a line: the counts, then each difference.
func (r *result) encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	if err := enc.Encode(object{"suricata": r.suricata, "spanwatch": r.ours, "common": r.common, "differences": len(r.diffs)}); err != nil {
		return err
	}
	for i := range r.diffs {
		d := &r.diffs[i]
		if err := enc.Encode(object{
			"only": d.only(), "suricata": d.Suricata, "spanwatch": d.Spanwatch, "sid": d.Sid, "msg": d.Msg, "app_proto": d.App,
			"packet": d.Packet, "flow": d.Flow.String(), "capture": r.captures[d.Capture], "alone": d.Alone,
		}); err != nil {
			return err
		}
	}
	return nil
}
