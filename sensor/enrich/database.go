package enrich

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/oschwald/geoip2-golang"
	"github.com/oschwald/maxminddb-golang"
)

// Names of the fields that publishers of free databases use: ip-location-db
// (country_code, city, autonomous_system_…), IPinfo (country_code or country,
// asn as "AS64500", as_name), and MaxMind under another type name, with maps
// where the others have text.
var (
	countryFields = [...]string{"country_code", "country"}
	asnFields     = [...]string{"autonomous_system_number", "asn"}
	orgFields     = [...]string{"autonomous_system_organization", "as_name", "as_organization"}
)

// schema says how the records of a database are read.
type schema uint8

const (
	schemaEnterprise schema = iota + 1 // geoip2: place and autonomous system
	schemaCity                         // geoip2: place
	schemaASN                          // geoip2: autonomous system
	schemaOther                        // fields by their usual names
)

// database is one file in memory.
type database struct {
	path    string
	name    string // database type as the file states it
	schema  schema
	records section
	tree    *maxminddb.Reader // finds records
	geo     *geoip2.Reader    // reads them; nil for schemaOther
}

// load reads a file and finds out how to read its records.
func load(path string) (*database, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

// readBounded reads a regular file of at most MaxFileBytes.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFileBytes {
		return nil, ErrTooLarge
	}
	return data, nil
}

// parse makes a database of a file's bytes, which it keeps.
func parse(path string, data []byte) (d *database, err error) {
	// The library trusts sizes in the metadata when it looks for the root of
	// the IPv4 tree, before anybody could check them.
	defer func() {
		if p := recover(); p != nil {
			d, err = nil, fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	if !metadataOf(data).sound(0) {
		return nil, fmt.Errorf("%w: no sound metadata", ErrCorrupt)
	}
	tree, err := maxminddb.FromBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	// From here on every node that a walk can reach lies inside the file, and
	// offsets fit into the cache's keys.
	m := tree.Metadata
	if m.NodeCount == 0 || m.NodeCount > uint(len(data)) || uint64(m.NodeCount)*uint64(m.RecordSize)/4 > uint64(len(data)) {
		return nil, fmt.Errorf("%w: %d nodes of %d bits in %d bytes", ErrCorrupt, m.NodeCount, m.RecordSize, len(data))
	}
	d = &database{path: path, name: m.DatabaseType, tree: tree, records: recordsOf(data, uint64(m.NodeCount)*uint64(m.RecordSize)/4)}
	d.geo, err = geoip2.FromBytes(data)
	var unknown geoip2.UnknownDatabaseTypeError
	switch {
	case errors.As(err, &unknown):
		d.geo, d.schema = nil, schemaOther
		if !d.hasUsualFields() {
			return nil, fmt.Errorf("%w: type %q", ErrUnsupported, d.name)
		}
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if d.schema = schemaOf(d.geo); d.schema == 0 {
		return nil, fmt.Errorf("%w: type %q", ErrUnsupported, d.name)
	}
	return d, nil
}

// schemaOf asks geoip2 which of its methods fit the database's type.
func schemaOf(r *geoip2.Reader) schema {
	fits := func(err error) bool {
		var wrong geoip2.InvalidMethodError
		return !errors.As(err, &wrong)
	}
	// No address: the library complains of that only after the method.
	if _, err := r.Enterprise(nil); fits(err) {
		return schemaEnterprise
	}
	if _, err := r.City(nil); fits(err) {
		return schemaCity
	}
	if _, err := r.ASN(nil); fits(err) {
		return schemaASN
	}
	return 0
}

// hasUsualFields looks for the names of fields among the records.
func (d *database) hasUsualFields() bool {
	for _, names := range [][]string{countryFields[:], asnFields[:], orgFields[:]} {
		if slices.ContainsFunc(names, d.records.hasKey) {
			return true
		}
	}
	return false
}

// offsetOf returns where the record of an address is, plus 1; 0 is nowhere.
func (d *database) offsetOf(addr netip.Addr) uint32 {
	if addr.Is6() && d.tree.Metadata.IPVersion == 4 {
		return 0
	}
	var (
		offset uintptr
		err    error
	)
	if addr.Is4() {
		b := addr.As4()
		offset, err = d.tree.LookupOffset(b[:])
	} else {
		b := addr.As16()
		offset, err = d.tree.LookupOffset(b[:])
	}
	if err != nil || offset >= math.MaxUint32 {
		return 0
	}
	return uint32(offset) + 1
}

// decode reads the record of an address.
func (d *database) decode(addr netip.Addr) (info Info, err error) {
	// A damaged record must cost its answer, not the sensor.
	defer func() {
		if p := recover(); p != nil {
			info, err = Info{}, fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	if offset := d.offsetOf(addr); offset == 0 || !d.records.sound(offset-1) {
		return Info{}, ErrCorrupt
	}
	ip := net.IP(addr.AsSlice())
	switch d.schema {
	case schemaEnterprise:
		r, err := d.geo.Enterprise(ip)
		if err != nil {
			return Info{}, err
		}
		info = Info{Country: country(r.Country.IsoCode, r.RegisteredCountry.IsoCode), City: r.City.Names["en"],
			ASN: asn(r.Traits.AutonomousSystemNumber), Org: r.Traits.AutonomousSystemOrganization}
	case schemaCity:
		r, err := d.geo.City(ip)
		if err != nil {
			return Info{}, err
		}
		info = Info{Country: country(r.Country.IsoCode, r.RegisteredCountry.IsoCode), City: r.City.Names["en"]}
	case schemaASN:
		r, err := d.geo.ASN(ip)
		if err != nil {
			return Info{}, err
		}
		info = Info{ASN: asn(r.AutonomousSystemNumber), Org: r.AutonomousSystemOrganization}
	case schemaOther:
		var record any
		if err := d.tree.Lookup(ip, &record); err != nil {
			return Info{}, err
		}
		info = usualFields(record)
	}
	return info, nil
}

// country prefers where the address is used to where it is registered; some
// networks, such as those of satellite links, have only the latter.
func country(used, registered string) string {
	if used != "" {
		return used
	}
	return registered
}

// asn refuses numbers that are no autonomous system number (RFC 6793: 32 bits).
func asn(n uint) uint32 {
	if uint64(n) > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

// usualFields reads a record by the names of its fields.
func usualFields(record any) Info {
	fields, ok := record.(map[string]any)
	if !ok {
		return Info{}
	}
	var info Info
	for _, name := range countryFields {
		// "country" holds a name in some, a map in others.
		if code := text(fields[name], "iso_code"); info.Country == "" && len(code) == 2 {
			info.Country = code
		}
	}
	info.City = text(fields["city"], "names", "en")
	for _, name := range asnFields {
		if info.ASN == 0 {
			info.ASN = number(fields[name])
		}
	}
	for _, name := range orgFields {
		if info.Org == "" {
			info.Org = text(fields[name])
		}
	}
	return info
}

// text returns v if it is a string, or the string at path in the maps of v.
func text(v any, path ...string) string {
	for {
		switch x := v.(type) {
		case string:
			return x
		case map[string]any:
			if len(path) == 0 {
				return ""
			}
			v, path = x[path[0]], path[1:]
		default:
			return ""
		}
	}
}

// number returns v as an autonomous system number, written as a number or as
// "AS64500".
func number(v any) uint32 {
	switch x := v.(type) {
	case uint64:
		return asn(uint(x))
	case string:
		n, err := strconv.ParseUint(strings.TrimPrefix(x, "AS"), 10, 32)
		if err != nil {
			return 0
		}
		return uint32(n)
	}
	return 0
}
