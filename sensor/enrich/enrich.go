// Package enrich says where an address is: country, city, autonomous system,
// and the site that an own prefix belongs to.
//
//	files in MaxMind format ─► Open ─► DB ─┐ immutable tables behind one pointer
//	own prefixes ─────────────────────────┘        │
//	                                          Cache (one per worker) ─► Lookup ─► *Info
//
// Databases of MaxMind and DB-IP are read through geoip2; of any other that
// has the file format, such as those of ip-location-db, the fields that it
// names in a usual way. Files are read into memory, not mapped: a mapped file
// that somebody truncates kills the process with SIGBUS at the next look-up.
//
// Nothing here starts a goroutine or looks at a clock: the caller of Check
// says when.
package enrich

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MaxDatabases bounds how many files answer together: commonly a city or
// country database and one of autonomous systems, perhaps one's own.
const MaxDatabases = 4

// MaxFileBytes is the largest file that is read. The commercial city databases
// are below 200 MB.
const MaxFileBytes = 1 << 30

// CheckInterval is how often Check looks at the files.
const CheckInterval = 10 * time.Second

// Faults of a database file, inside a FileError. A file that is missing
// carries fs.ErrNotExist.
var (
	ErrCorrupt     = errors.New("not a whole database in MaxMind format")
	ErrUnsupported = errors.New("database without country, city or autonomous system")
	ErrTooLarge    = fmt.Errorf("database is larger than %d bytes", MaxFileBytes)
	ErrTooMany     = fmt.Errorf("more than %d databases", MaxDatabases)
)

// FileError tells which file cannot be used, and why.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("geoip database %s: %v", e.Path, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// PrefixError tells which prefix of the sites cannot be understood.
type PrefixError struct {
	Prefix string
	Err    error
}

func (e *PrefixError) Error() string { return fmt.Sprintf("site prefix %q: %v", e.Prefix, e.Err) }
func (e *PrefixError) Unwrap() error { return e.Err }

// Config names what to look up in.
type Config struct {
	// Databases are files in MaxMind format. Where two know the same thing of
	// an address, the earlier one is believed.
	Databases []string
	// Sites maps own prefixes (CIDR, or a single address) to site names; the
	// longest prefix wins.
	Sites map[string]string
}

// Info is what is known of an address; what is not known is empty.
type Info struct {
	Country string // ISO 3166-1 alpha-2
	City    string // English name
	ASN     uint32 // autonomous system; 0 is none
	Org     string // whose autonomous system it is
	Site    string // name of the own site
}

// DB answers from databases that may be replaced while it is in use. Caches
// read it from any number of goroutines; Reload and Check belong to one.
type DB struct {
	paths  []string
	sites  []site
	tables atomic.Pointer[tables]
	faults atomic.Uint64
	caches sync.Pool // of Country

	// Of the goroutine that checks.
	tried   []fileState // by path: the file that the last attempt to load saw
	checked time.Time
}

// Empty says that neither databases nor sites are configured: nothing will ever be
// known of an address.
func (db *DB) Empty() bool { return len(db.paths)+len(db.sites) == 0 }

// tables are the databases of one moment: immutable, and collected when the
// last cache has moved on.
type tables struct {
	databases []*database // by path; nil where none could be loaded
}

// fileState is how a file is recognised as another one.
type fileState struct {
	info os.FileInfo // nil: there was none
}

func (a fileState) equal(b fileState) bool {
	if a.info == nil || b.info == nil {
		return a.info == b.info
	}
	return os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() && a.info.ModTime().Equal(b.info.ModTime())
}

// Open loads the databases. The DB is never nil: it answers from what could be
// loaded, and the error joins a FileError or PrefixError for each thing that
// could not, so that a sensor may say so and go on. A file that is missing now
// is taken up by Check when it appears.
func Open(cfg Config) (*DB, error) {
	db := &DB{paths: slices.Clone(cfg.Databases)}
	var faults []error
	if len(db.paths) > MaxDatabases {
		for _, path := range db.paths[MaxDatabases:] {
			faults = append(faults, &FileError{path, ErrTooMany})
		}
		db.paths = db.paths[:MaxDatabases]
	}
	db.tried = make([]fileState, len(db.paths))
	db.tables.Store(&tables{databases: make([]*database, len(db.paths))})
	sites, err := parseSites(cfg.Sites)
	if err != nil {
		faults = append(faults, err)
	}
	db.sites = sites
	if _, err := db.Reload(); err != nil {
		faults = append(faults, err)
	}
	return db, errors.Join(faults...)
}

// Loaded returns the files in use, with the database type that each states.
func (db *DB) Loaded() []string {
	var out []string
	for _, d := range db.tables.Load().databases {
		if d != nil {
			out = append(out, fmt.Sprintf("%s (%s)", d.path, d.name))
		}
	}
	return out
}

// Faults counts look-ups that met a damaged record; they answer nothing.
// Any goroutine may ask.
func (db *DB) Faults() uint64 { return db.faults.Load() }

// Check reloads the files that were replaced, at most once in CheckInterval by
// now. It returns whether anything changed, and what could not be loaded, once
// per change of the file; the old database then stays in use.
func (db *DB) Check(now time.Time) (changed bool, err error) {
	if !db.checked.IsZero() && now.Sub(db.checked) < CheckInterval {
		return false, nil
	}
	db.checked = now
	return db.reload(false)
}

// Reload loads all files anew, whether or not they look replaced. A file that
// cannot be loaded leaves its old database in use.
func (db *DB) Reload() (changed bool, err error) { return db.reload(true) }

func (db *DB) reload(all bool) (changed bool, err error) {
	next := &tables{databases: slices.Clone(db.tables.Load().databases)}
	var faults []error
	for i, path := range db.paths {
		// The state is taken before the file is read: if it is replaced in
		// between, the next check sees another state and reads again.
		state := stateOf(path)
		if !all && state.equal(db.tried[i]) {
			continue
		}
		db.tried[i] = state
		d, err := load(path)
		if err != nil {
			faults = append(faults, &FileError{path, err})
			continue
		}
		next.databases[i], changed = d, true
	}
	if changed {
		db.tables.Store(next)
	}
	return changed, errors.Join(faults...)
}

func stateOf(path string) fileState {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}
	}
	return fileState{info}
}

// site is an own prefix with its name.
type site struct {
	prefix netip.Prefix
	name   string
}

// parseSites sorts the prefixes, longest first.
func parseSites(named map[string]string) ([]site, error) {
	var (
		sites  []site
		faults []error
	)
	for text, name := range named {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				faults = append(faults, &PrefixError{text, err})
				continue
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		sites = append(sites, site{prefix.Masked(), name})
	}
	slices.SortFunc(sites, func(a, b site) int {
		if a.prefix.Bits() != b.prefix.Bits() {
			return b.prefix.Bits() - a.prefix.Bits()
		}
		return a.prefix.Addr().Compare(b.prefix.Addr())
	})
	return sites, errors.Join(faults...)
}

// siteOf returns the index of the site of an address, counted from 1; 0 is none.
// There are few sites, and the answer is cached: a walk is enough.
func (db *DB) siteOf(addr netip.Addr) int {
	for i := range db.sites {
		if db.sites[i].prefix.Contains(addr) {
			return i + 1
		}
	}
	return 0
}
