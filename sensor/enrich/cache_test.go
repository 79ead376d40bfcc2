package enrich

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"spanwatch/sensor/internal/geotest"
)

// bundled opens the project's test database.
func bundled(t testing.TB) *DB {
	t.Helper()
	db, err := Open(Config{
		Databases: []string{"../../testdata/geoip/test.mmdb"},
		Sites:     map[string]string{"10.20.0.0/24": "office"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestLookupDoesNotAllocate(t *testing.T) {
	cache := bundled(t).NewCache()
	for _, c := range []struct {
		name  string
		addrs []netip.Addr
	}{
		{"one address", []netip.Addr{netip.MustParseAddr("203.0.113.66")}},
		{"IPv6", []netip.Addr{netip.MustParseAddr("2001:db8:ffff::66")}},
		{"unknown address", []netip.Addr{netip.MustParseAddr("8.8.8.8")}},
		{"no address", []netip.Addr{{}}},
		{"ever new addresses of known networks", manyAddrs("198.51.100.0", 1<<16)},
		{"ever new IPv6 addresses", manyAddrs6(1 << 16)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, a := range c.addrs {
				cache.Lookup(a)
			}
			i := 0
			got := testing.AllocsPerRun(1000, func() {
				cache.Lookup(c.addrs[i%len(c.addrs)])
				i += 7919 // prime: strides through the addresses, past the cache
			})
			if got != 0 {
				t.Errorf("%v allocations a look-up, want 0", got)
			}
		})
	}
}

func manyAddrs(from string, n uint32) []netip.Addr {
	first := netip.MustParseAddr(from).As4()
	out := make([]netip.Addr, n)
	for i := range out {
		out[i] = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(first[:])+uint32(i))))
	}
	return out
}

func manyAddrs6(n int) []netip.Addr {
	out := make([]netip.Addr, n)
	for i := range out {
		b := netip.MustParseAddr("2001:db8:ffff::").As16()
		binary.BigEndian.PutUint64(b[8:], uint64(i))
		out[i] = netip.AddrFrom16(b)
	}
	return out
}

func TestCacheAnswersLikeTheDatabases(t *testing.T) {
	db := bundled(t)
	cache := db.NewCache()
	tables := db.tables.Load()
	n := 0
	for _, addrs := range [][]netip.Addr{manyAddrs("192.0.1.0", 1024), manyAddrs("198.51.99.0", 1024), manyAddrs("203.0.112.0", 1024), manyAddrs("10.19.255.0", 1024), manyAddrs6(4096)} {
		// Twice, since the second time finds what the first one overwrote.
		for range 2 {
			for _, addr := range addrs {
				var want Info
				if d := tables.databases[0]; d.offsetOf(addr) != 0 {
					var err error
					if want, err = d.decode(addr); err != nil {
						t.Fatal(err)
					}
				}
				if i := db.siteOf(addr); i != 0 {
					want.Site = db.sites[i-1].name
				}
				if got := *cache.Lookup(addr); got != want {
					t.Fatalf("%v: got %+v, want %+v", addr, got, want)
				}
				n++
			}
		}
	}
	if n == 0 {
		t.Fatal("nothing was looked up")
	}
}

// TestSwapWhileInUse belongs under the race detector.
func TestSwapWhileInUse(t *testing.T) {
	path := write(t, "geo.mmdb", "GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": geotest.Place("DE", "", 0, "")})
	db := open(t, Config{Databases: []string{path}})
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			cache := db.NewCache()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := cache.Lookup(netip.MustParseAddr("192.0.2.1")).Country; got != "DE" {
					t.Errorf("got %q, want DE", got)
					return
				}
			}
		})
	}
	for range 200 {
		if changed, err := db.Reload(); err != nil || !changed {
			t.Fatalf("changed %v, error %v", changed, err)
		}
	}
	close(stop)
	readers.Wait()
}

// TestReadsGeoWhoisAsnCountry reads the database that `make geoip` fetches.
func TestReadsGeoWhoisAsnCountry(t *testing.T) {
	path := "../../.cache/geoip/geo-whois-asn-country.mmdb"
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there; make geoip fetches it", filepath.Base(path))
	}
	db := open(t, Config{Databases: []string{path}})
	cache := db.NewCache()
	for addr, want := range map[string]Info{
		"8.8.8.8":               {Country: "US"}, // Google's resolver
		"193.0.6.139":           {Country: "NL"}, // RIPE NCC
		"2001:67c:2e8:22::c100": {Country: "NL"},
		"127.0.0.1":             {},
		"10.0.0.1":              {},
	} {
		if got := *cache.Lookup(netip.MustParseAddr(addr)); got.Country != want.Country || got.ASN != 0 {
			t.Errorf("%s: got %+v, want %+v", addr, got, want)
		}
	}
}

// FuzzDatabase gives the reader damaged files. Whatever the bytes, opening
// either fails with one of our errors or gives a database whose answers do not
// depend on the cache.
func FuzzDatabase(f *testing.F) {
	whole, err := os.ReadFile("../../testdata/geoip/test.mmdb")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[len(whole)/2:])
	flat, err := geotest.Build("country ipvAll", map[string]mmdbtype.Map{"192.0.2.0/24": {"country_code": mmdbtype.String("NO")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(flat)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := parse("fuzz", data)
		if (d == nil) == (err == nil) {
			t.Fatalf("database %v, error %v", d, err)
		}
		if err != nil {
			return
		}
		db := new(DB)
		db.tables.Store(&tables{databases: []*database{d}})
		cache := db.NewCache()
		for _, addr := range []string{"192.0.2.25", "203.0.113.66", "8.8.8.8", "2001:db8:ffff::10", "::", "255.255.255.255"} {
			a := netip.MustParseAddr(addr)
			first := *cache.Lookup(a)
			if again := *cache.Lookup(a); first != again {
				t.Fatalf("%s: first %+v, then %+v", addr, first, again)
			}
			if fresh := *db.NewCache().Lookup(a); first != fresh {
				t.Fatalf("%s: cached %+v, fresh %+v", addr, first, fresh)
			}
			if first.Country != "" && len(first.Country) != 2 && d.schema == schemaOther {
				t.Fatalf("%s: country %q is no code", addr, first.Country)
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	cache := bundled(b).NewCache()
	for _, c := range []struct {
		name  string
		addrs []netip.Addr
	}{
		{"same address", manyAddrs("203.0.113.66", 1)},
		{"ever new addresses", manyAddrs("198.51.100.0", 1<<16)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				cache.Lookup(c.addrs[i%len(c.addrs)])
			}
		})
	}
}
