package enrich

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"spanwatch/sensor/internal/geotest"
)

// write makes a database file from records by prefix.
func write(t *testing.T, name, databaseType string, records map[string]mmdbtype.Map) string {
	t.Helper()
	data, err := geotest.Build(databaseType, records)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, cfg Config) *DB {
	t.Helper()
	db, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestLookup(t *testing.T) {
	city := write(t, "city.mmdb", "GeoLite2-City", map[string]mmdbtype.Map{
		"192.0.2.0/24":     geotest.Place("DE", "Berlin", 0, ""),
		"198.51.100.0/24":  geotest.Place("FR", "", 0, ""),
		"2001:db8::/32":    geotest.Place("SE", "Umeå", 0, ""),
		"203.0.113.0/25":   {"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("CH")}},
		"203.0.113.128/25": {},
	})
	as := write(t, "asn.mmdb", "GeoLite2-ASN", map[string]mmdbtype.Map{
		"192.0.2.0/25":  geotest.AS(64496, "Example One"),
		"2001:db8::/33": geotest.AS(4200000000, "Example Two"),
	})
	enterprise := write(t, "enterprise.mmdb", "GeoIP2-Enterprise", map[string]mmdbtype.Map{
		"192.0.2.0/24": geotest.Place("AT", "Wien", 64511, "Example All"),
	})
	flat := write(t, "flat.mmdb", "country ipvAll", map[string]mmdbtype.Map{
		"192.0.2.0/24": {"country_code": mmdbtype.String("NO")},
	})
	info := write(t, "ipinfo.mmdb", "ipinfo generic_lite.mmdb", map[string]mmdbtype.Map{
		"192.0.2.0/24": {"country": mmdbtype.String("Norway"), "country_code": mmdbtype.String("NO"),
			"asn": mmdbtype.String("AS64500"), "as_name": mmdbtype.String("Example Three"), "city": mmdbtype.String("Oslo")},
	})
	sites := map[string]string{"10.0.0.0/8": "company", "10.20.0.0/16": "office", "10.20.0.13": "backup room", "192.0.2.7/32": "roof", "2001:db8:20::/48": "office"}

	for _, c := range []struct {
		name      string
		databases []string
		addr      string
		want      Info
	}{
		{"city and country of IPv4", []string{city}, "192.0.2.1", Info{Country: "DE", City: "Berlin"}},
		{"city and country of IPv6", []string{city}, "2001:db8:1::1", Info{Country: "SE", City: "Umeå"}},
		{"country alone", []string{city}, "198.51.100.1", Info{Country: "FR"}},
		{"country of registration when none of use", []string{city}, "203.0.113.1", Info{Country: "CH"}},
		{"empty record", []string{city}, "203.0.113.200", Info{}},
		{"address in no record", []string{city, as}, "8.8.8.8", Info{}},
		{"IPv4 mapped into IPv6 is IPv4", []string{city}, "::ffff:192.0.2.1", Info{Country: "DE", City: "Berlin"}},
		{"zone is ignored", []string{city}, "2001:db8:1::1%eth0", Info{Country: "SE", City: "Umeå"}},
		{"two databases complete each other", []string{city, as}, "192.0.2.1", Info{Country: "DE", City: "Berlin", ASN: 64496, Org: "Example One"}},
		{"second database knows nothing", []string{city, as}, "192.0.2.200", Info{Country: "DE", City: "Berlin"}},
		{"32-bit AS number", []string{as}, "2001:db8::1", Info{ASN: 4200000000, Org: "Example Two"}},
		{"everything in one database", []string{enterprise}, "192.0.2.1", Info{Country: "AT", City: "Wien", ASN: 64511, Org: "Example All"}},
		{"the earlier database is believed", []string{as, enterprise, city}, "192.0.2.1", Info{Country: "AT", City: "Wien", ASN: 64496, Org: "Example One"}},
		{"no city from a database that disagrees on the country", []string{flat, city}, "192.0.2.1", Info{Country: "NO"}},
		{"flat records of ip-location-db", []string{flat}, "192.0.2.1", Info{Country: "NO"}},
		{"records of IPinfo", []string{info}, "192.0.2.1", Info{Country: "NO", City: "Oslo", ASN: 64500, Org: "Example Three"}},
		{"own site", nil, "10.20.1.1", Info{Site: "office"}},
		{"longest prefix wins", nil, "10.20.0.13", Info{Site: "backup room"}},
		{"shorter prefix otherwise", nil, "10.99.0.1", Info{Site: "company"}},
		{"own site of IPv6", nil, "2001:db8:20::5", Info{Site: "office"}},
		{"site beside country", []string{city}, "192.0.2.7", Info{Country: "DE", City: "Berlin", Site: "roof"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := open(t, Config{Databases: c.databases, Sites: sites}).NewCache()
			addr := netip.MustParseAddr(c.addr)
			for _, try := range []string{"cold", "from the cache"} {
				if got := *cache.Lookup(addr); got != c.want {
					t.Errorf("%s: got %+v, want %+v", try, got, c.want)
				}
			}
		})
	}
}

func TestLookupOfNoAddress(t *testing.T) {
	db := open(t, Config{Sites: map[string]string{"0.0.0.0/0": "all"}})
	if got := *db.NewCache().Lookup(netip.Addr{}); got != (Info{}) {
		t.Errorf("got %+v, want nothing", got)
	}
}

func TestOpenSaysWhatIsWrongAndGoesOn(t *testing.T) {
	good := write(t, "good.mmdb", "GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.Place("DE", "", 0, "")})
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		path string
		want error
	}{
		{"missing file", filepath.Join(dir, "none.mmdb"), fs.ErrNotExist},
		{"empty file", file("empty.mmdb", nil), ErrCorrupt},
		{"file of another kind", file("text.mmdb", []byte("not a database at all")), ErrCorrupt},
		{"truncated file", file("short.mmdb", whole[:len(whole)/2]), ErrCorrupt},
		{"file without its tree", file("tail.mmdb", whole[len(whole)-300:]), ErrCorrupt},
		{"type that says nothing of places", write(t, "anon.mmdb", "GeoIP2-Anonymous-IP", map[string]mmdbtype.Map{"192.0.2.0/24": {"is_anonymous": mmdbtype.Bool(true)}}), ErrUnsupported},
		{"unknown type without usual fields", write(t, "odd.mmdb", "Weather", map[string]mmdbtype.Map{"192.0.2.0/24": {"rain": mmdbtype.Bool(true)}}), ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := Open(Config{Databases: []string{c.path, good}})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			var fault *FileError
			if !errors.As(err, &fault) || fault.Path != c.path {
				t.Errorf("error %v does not name %s", err, c.path)
			}
			if got := db.NewCache().Lookup(netip.MustParseAddr("192.0.2.1")).Country; got != "DE" {
				t.Errorf("the good database answers %q, want DE", got)
			}
		})
	}
}

func TestOpenRefusesTooManyDatabases(t *testing.T) {
	paths := make([]string, MaxDatabases+1)
	for i := range paths {
		paths[i] = write(t, "x.mmdb", "GeoLite2-ASN", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.AS(1, "x")})
	}
	db, err := Open(Config{Databases: paths})
	if !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v, want %v", err, ErrTooMany)
	}
	if got := len(db.Loaded()); got != MaxDatabases {
		t.Errorf("%d databases loaded, want the first %d", got, MaxDatabases)
	}
}

func TestOpenNamesABadSitePrefix(t *testing.T) {
	db, err := Open(Config{Sites: map[string]string{"10.0.0.0/33": "bad", "10.0.0.0/8": "good"}})
	var fault *PrefixError
	if !errors.As(err, &fault) || fault.Prefix != "10.0.0.0/33" {
		t.Errorf("got %v, want a PrefixError that names 10.0.0.0/33", err)
	}
	if got := db.NewCache().Lookup(netip.MustParseAddr("10.1.1.1")).Site; got != "good" {
		t.Errorf("the good prefix answers %q", got)
	}
}

func TestCheckTakesUpReplacedFiles(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	build := func(country string) []byte {
		data, err := geotest.Build("GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.Place(country, "", 0, "")})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	path := filepath.Join(t.TempDir(), "geo.mmdb")
	mtime := time.Unix(1700000000, 0)
	// put replaces the file, in place or by another inode.
	put := func(data []byte, rename bool) {
		t.Helper()
		target := path
		if rename {
			target += ".new"
		}
		mtime = mtime.Add(time.Second)
		err := errors.Join(os.WriteFile(target, data, 0o644), os.Chtimes(target, mtime, mtime))
		if rename {
			err = errors.Join(err, os.Rename(target, path))
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	db, err := Open(Config{Databases: []string{path}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("open without a file: %v, want %v", err, fs.ErrNotExist)
	}
	cache := db.NewCache()
	now := time.Unix(1700000000, 0)
	check := func(step string, wantChanged bool, wantErr error, want string) {
		t.Helper()
		now = now.Add(CheckInterval)
		changed, err := db.Check(now)
		if changed != wantChanged || !errors.Is(err, wantErr) || wantErr == nil && err != nil {
			t.Errorf("%s: changed %v, error %v; want %v, %v", step, changed, err, wantChanged, wantErr)
		}
		if got := cache.Lookup(addr).Country; got != want {
			t.Errorf("%s: looked up %q, want %q", step, got, want)
		}
	}

	check("still no file", false, nil, "")
	put(build("DE"), false)
	check("file appears", true, nil, "DE")
	check("nothing happens", false, nil, "DE")
	put(build("FR"), true)
	check("replaced by rename", true, nil, "FR")
	put(build("SE"), false)
	check("overwritten in place", true, nil, "SE")
	put(build("NO")[:500], false)
	check("overwritten by half a file: the old one stays", false, ErrCorrupt, "SE")
	check("the fault is told once", false, nil, "SE")
	put(build("NO"), false)
	check("whole again", true, nil, "NO")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("deleted: the old one stays", false, fs.ErrNotExist, "NO")
	check("the deletion is told once", false, nil, "NO")
}

func TestCheckKeepsItsInterval(t *testing.T) {
	path := write(t, "geo.mmdb", "GeoLite2-ASN", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.AS(1, "x")})
	db := open(t, Config{Databases: []string{path}})
	now := time.Unix(1700000000, 0)
	if _, err := db.Check(now); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Check(now.Add(CheckInterval - 1)); err != nil {
		t.Errorf("looked at the files again before the interval was over: %v", err)
	}
	if _, err := db.Check(now.Add(CheckInterval)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the interval: %v, want %v", err, fs.ErrNotExist)
	}
}

func TestDamagedRecordIsCountedAndAnswersNothing(t *testing.T) {
	path := write(t, "geo.mmdb", "GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.Place("DE", "", 0, "")})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The first byte of the data section says "map with one entry"; 0x1f in
	// the size bits promises more entries than there is file.
	at := strings.Index(string(data), "iso_code")
	if at < 0 {
		t.Fatal("the record is not where this test looks for it")
	}
	for i := at - 12; i < at; i++ {
		data[i] = 0xff
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	db := open(t, Config{Databases: []string{path}})
	if got := *db.NewCache().Lookup(netip.MustParseAddr("192.0.2.1")); got != (Info{}) {
		t.Errorf("got %+v, want nothing", got)
	}
	if got := db.Faults(); got != 1 {
		t.Errorf("%d faults counted, want 1", got)
	}
}
