// Package geotest builds small databases in MaxMind format, for tests and for
// the one bundled with the project.
//
// In: a database type and records by prefix. Out: the file's bytes, the same
// ones for the same records.
package geotest

import (
	"bytes"
	"fmt"
	"net"
	"slices"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// epoch is the build time of every database, in seconds since 1970: a fixed
// one (2024-01-01), so that the bytes depend on the records alone.
const epoch = 1704067200

// Build returns a database of the given type. Reserved prefixes are allowed,
// documentation ranges above all.
func Build(databaseType string, records map[string]mmdbtype.Map) ([]byte, error) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch:              epoch,
		DatabaseType:            databaseType,
		Description:             map[string]string{"en": "spanwatch test data, invented"},
		Languages:               []string{"en"},
		RecordSize:              24,
		IncludeReservedNetworks: true,
		DisableIPv4Aliasing:     true,
	})
	if err != nil {
		return nil, err
	}
	prefixes := make([]string, 0, len(records))
	for p := range records {
		prefixes = append(prefixes, p)
	}
	slices.Sort(prefixes)
	for _, p := range prefixes {
		_, network, err := net.ParseCIDR(p)
		if err != nil {
			return nil, err
		}
		if err := tree.Insert(network, records[p]); err != nil {
			return nil, fmt.Errorf("insert %s: %w", p, err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Place is a record as MaxMind's enterprise database has it, and, without
// autonomous system, as its city database has it.
func Place(country, city string, asn uint32, org string) mmdbtype.Map {
	m := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(country)}}
	if city != "" {
		m["city"] = mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(city)}}
	}
	if asn != 0 {
		m["traits"] = AS(asn, org)
	}
	return m
}

// AS is a record as MaxMind's ASN database has it.
func AS(asn uint32, org string) mmdbtype.Map {
	return mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(asn),
		"autonomous_system_organization": mmdbtype.String(org),
	}
}

// Bundled are the records of testdata/geoip/test.mmdb: the documentation
// addresses that the captures use, in places that fit their story. AS numbers
// are from the documentation range too (RFC 5398).
func Bundled() ([]byte, error) {
	return Build("GeoIP2-Enterprise", map[string]mmdbtype.Map{
		"192.0.2.0/24":          Place("DE", "Frankfurt am Main", 64496, "Example Transit"),
		"192.0.2.25/32":         Place("FR", "Lyon", 64497, "Partner Example SARL"),
		"198.51.100.0/28":       Place("US", "Ashburn", 64498, "News Example Inc."),
		"198.51.100.11/32":      Place("NL", "Amsterdam", 64499, "Shop Example B.V."),
		"198.51.100.48/28":      Place("SE", "Stockholm", 64500, "Example Name Servers AB"),
		"203.0.113.64/28":       Place("SC", "Victoria", 64501, "Bulletproof Example Hosting"),
		"203.0.113.80/28":       Place("MD", "", 64502, "Example Storage Drop"),
		"2001:db8:ffff::/64":    Place("DE", "Frankfurt am Main", 64496, "Example Transit"),
		"2001:db8:ffff::10/128": Place("US", "Ashburn", 64498, "News Example Inc."),
		"2001:db8:ffff::66/128": Place("SC", "Victoria", 64501, "Bulletproof Example Hosting"),
	})
}
