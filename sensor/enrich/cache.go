package enrich

import (
	"encoding/binary"
	"net/netip"
)

// Sizes of a Cache, in entries; powers of two. An address entry is 32 bytes,
// a record entry 48: together 220 kB a worker.
const (
	addressEntries = 4096 // as many addresses as talk in some seconds
	recordEntries  = 2048 // distinct (country, city, AS) of those
)

// Cache is one goroutine's view of a DB. Records of a database are few beside
// addresses, so a look-up of a new address still costs no allocation when
// another address of the same network was asked before: decoding happens once
// per record.
//
//	address ─► addresses[hash] ─ hit ─► *Info
//	              │ miss: where in each file is the record? (bits of the address down a tree)
//	              ▼
//	           records[hash of offsets] ─ hit ─► *Info
//	              │ miss
//	              ▼
//	           decode, allocate Info
//
// Both levels are direct-mapped: an entry is overwritten by the next one of
// its slot, which bounds the memory without any bookkeeping.
type Cache struct {
	db        *DB
	tables    *tables // that the entries come from
	addresses []addressEntry
	records   []recordEntry
}

type addressEntry struct {
	addr netip.Addr
	info *Info // nil: the slot is empty
}

// recordKey says which record each database has for an address, and the site.
type recordKey struct {
	offsets [MaxDatabases]uint32 // 1 + offset in the data section; 0 is none
	site    uint32
}

type recordEntry struct {
	key  recordKey
	info *Info
}

// noInfo is the answer for an address of which nothing is known. Its address
// is shared; nobody writes to an Info.
var noInfo = new(Info)

// NewCache returns a Cache for one goroutine.
func (db *DB) NewCache() *Cache {
	return &Cache{
		db:        db,
		tables:    db.tables.Load(),
		addresses: make([]addressEntry, addressEntries),
		records:   make([]recordEntry, recordEntries),
	}
}

// Lookup returns what is known of an address, never nil; the Info is shared
// and must not be changed. IPv4 mapped into IPv6 is looked up as IPv4. Costs
// no allocation except for a record not met for a while.
func (c *Cache) Lookup(addr netip.Addr) *Info {
	if now := c.db.tables.Load(); now != c.tables {
		c.tables = now
		clear(c.addresses)
		clear(c.records)
	}
	if !addr.IsValid() {
		return noInfo
	}
	addr = addr.Unmap().WithZone("")
	e := &c.addresses[hashAddr(addr)%addressEntries]
	if e.info == nil || e.addr != addr {
		*e = addressEntry{addr, c.find(addr)}
	}
	return e.info
}

// Country returns the country of an address, upper-case letters (ISO 3166-1
// alpha-2); ok is false when it is not known. Any goroutine may ask.
func (db *DB) Country(addr netip.Addr) (code [2]byte, ok bool) {
	c, _ := db.caches.Get().(*Cache)
	if c == nil {
		c = db.NewCache()
	}
	country := c.Lookup(addr).Country
	db.caches.Put(c)
	if len(country) != len(code) {
		return code, false
	}
	copy(code[:], country)
	return code, true
}

// find answers from the second level, or from the databases.
func (c *Cache) find(addr netip.Addr) *Info {
	key := recordKey{site: uint32(c.db.siteOf(addr))}
	for i, d := range c.tables.databases {
		if d != nil {
			key.offsets[i] = d.offsetOf(addr)
		}
	}
	if key == (recordKey{}) {
		return noInfo
	}
	e := &c.records[key.hash()%recordEntries]
	if e.info == nil || e.key != key {
		*e = recordEntry{key, c.db.compose(c.tables, key, addr)}
	}
	return e.info
}

// compose decodes the records of a key; earlier databases come first.
func (db *DB) compose(t *tables, key recordKey, addr netip.Addr) *Info {
	info := new(Info)
	for i, d := range t.databases {
		if d == nil || key.offsets[i] == 0 {
			continue
		}
		got, err := d.decode(addr)
		if err != nil {
			db.faults.Add(1)
			continue
		}
		info.fillFrom(got)
	}
	if key.site != 0 {
		info.Site = db.sites[key.site-1].name
	}
	return info
}

// fillFrom takes from b what a does not know. A city is only taken with its
// country, and an organisation only with its AS: halves of two databases that
// disagree would make a place that does not exist.
func (a *Info) fillFrom(b Info) {
	if a.Country == "" || a.Country == b.Country && a.City == "" {
		a.Country, a.City = b.Country, b.City
	}
	if a.ASN == 0 || a.ASN == b.ASN && a.Org == "" {
		a.ASN, a.Org = b.ASN, b.Org
	}
}

// hashAddr mixes an address into all bits (the finaliser of MurmurHash3).
// Nobody gains from making addresses collide: the price is a walk of the tree.
func hashAddr(addr netip.Addr) uint64 {
	b := addr.As16()
	return mix(binary.BigEndian.Uint64(b[:8]) ^ mix(binary.BigEndian.Uint64(b[8:])))
}

func (k *recordKey) hash() uint64 {
	h := uint64(k.site)
	for _, o := range k.offsets {
		h = mix(h ^ uint64(o))
	}
	return h
}

func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
