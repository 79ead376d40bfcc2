package pipeline

import (
	"strconv"

	"spanwatch/decoders"
	"spanwatch/exporter/event"
	"spanwatch/sensor/enrich"
)

// geoLookup answers for one goroutine. The zero value knows nothing.
type geoLookup struct {
	cache *enrich.Cache
}

func newGeoLookup(db *enrich.DB) geoLookup {
	if db == nil || db.Empty() {
		return geoLookup{}
	}
	return geoLookup{db.NewCache()}
}

// into fills g with what is known of an address and returns it, or nil when
// that is nothing.
func (l *geoLookup) into(g *event.Geo, addr decoders.Addr, version uint8) *event.Geo {
	if l.cache == nil {
		return nil
	}
	info := l.cache.Lookup(addr.Netip(version))
	if *info == (enrich.Info{}) {
		return nil
	}
	*g = event.Geo{Country: info.Country, City: info.City, ASN: info.ASN, ASOrg: info.Org, Site: info.Site}
	return g
}

// labels returns what metrics say of an address; empty when it is not known.
func (l *geoLookup) labels(addr decoders.Addr, version uint8) (country, asn string) {
	var g event.Geo
	if l.into(&g, addr, version) == nil {
		return "", ""
	}
	if g.ASN != 0 {
		asn = strconv.FormatUint(uint64(g.ASN), 10)
	}
	return g.Country, asn
}
