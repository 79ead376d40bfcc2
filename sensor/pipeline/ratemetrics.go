package pipeline

import (
	"cmp"
	"strconv"

	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/analytics"
)

// unknown is the label of hosts that no database knows.
const unknown = "unknown"

// rateWriter writes traffic of a window as bits per second. Sums are exact in
// bytes of the window; rounding to whole bits per second is per series.
type rateWriter struct {
	w       *metrics.Writer
	seconds float64
}

func (r *rateWriter) bits(bytes uint64) uint64 { return uint64(float64(bytes)*8/r.seconds + 0.5) }

// pair writes both directions of an entry.
func (r *rateWriter) pair(id metrics.ID, x analytics.Flux, out, in string, labels ...string) {
	r.w.Uint(id, r.bits(x.Out.Bytes), append(labels, out)...)
	r.w.Uint(id, r.bits(x.In.Bytes), append(labels, in)...)
}

// rest writes what a list folds.
func (r *rateWriter) rest(id metrics.ID, x analytics.Flux, folded int, out, in string) {
	r.w.Other(id, out, r.bits(x.Out.Bytes), uint64(folded))
	r.w.Other(id, in, r.bits(x.In.Bytes), uint64(folded))
}

func writeRates(w *metrics.Writer, x *Rates, geo *geoLookup) {
	r := rateWriter{w, x.Seconds}
	w.Float(metrics.BandwidthRateWindow, x.Seconds)
	for i := range x.Flows.Rows {
		f := &x.Flows.Rows[i]
		w.Uint(metrics.BandwidthFlowRate, r.bits(f.Out.Bytes+f.In.Bytes),
			f.Client.Netip(f.IPVersion).String(), strconv.Itoa(int(f.ClientPort)),
			f.Server.Netip(f.IPVersion).String(), strconv.Itoa(int(f.ServerPort)), event.ProtoName(f.Proto))
	}
	w.Other(metrics.BandwidthFlowRate, "", r.bits(x.Flows.Other.Out.Bytes+x.Flows.Other.In.Bytes), uint64(x.Flows.Folded))
	for i := range x.Hosts.Rows {
		h := &x.Hosts.Rows[i]
		country, asn := geo.labels(h.Addr, h.IPVersion)
		r.pair(metrics.BandwidthHostRate, h.Flux, sent, received, h.Addr.Netip(h.IPVersion).String(), country, asn)
	}
	r.rest(metrics.BandwidthHostRate, x.Hosts.Other, x.Hosts.Folded, sent, received)
	for _, s := range x.Services.Rows {
		r.pair(metrics.BandwidthServiceRate, s.Flux, toServer, toClient, strconv.Itoa(int(s.Port)), event.ProtoName(s.Proto))
	}
	r.rest(metrics.BandwidthServiceRate, x.Services.Other, x.Services.Folded, toServer, toClient)
	if geo.cache == nil {
		return // nothing is known of any host
	}
	for _, a := range x.ASNs.Rows {
		name := unknown
		if a.Number != 0 {
			name = strconv.FormatUint(uint64(a.Number), 10)
		}
		r.pair(metrics.BandwidthASNRate, a.Flux, sent, received, name, a.Org)
	}
	r.rest(metrics.BandwidthASNRate, x.ASNs.Other, x.ASNs.Folded, sent, received)
	for _, c := range x.Countries.Rows {
		r.pair(metrics.BandwidthCountryRate, c.Flux, sent, received, cmp.Or(c.Code, unknown))
	}
	r.rest(metrics.BandwidthCountryRate, x.Countries.Other, x.Countries.Folded, sent, received)
}
