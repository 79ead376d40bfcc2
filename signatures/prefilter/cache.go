package prefilter

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"spanwatch/signatures/hyperscan"
)

// cache is a folder of compiled databases that outlive the process, one in a
// file:
//
//	checksum (32 bytes, SHA-256 of the rest) │ serialised database
//
// The name is a hash of the patterns, the library's version and the processor:
// a file that fits by name fits. A file that is damaged is compiled anew; one
// that cannot be read or written costs time and nothing else. Who can write
// there can make the library read bytes that were not compiled by it: the
// checksum guards against accidents only, so folder and files that others than
// their owner and root may write to are not used.
type cache struct {
	dir   string // empty: no cache
	bytes int64  // bound; 0 for none
	clock func() time.Time
	usual string // what databases depend on besides their patterns

	once    sync.Once // of the folder's check
	trusted bool
}

const (
	cachePrefix = "hs-"
	cacheSuffix = ".db"
	// staleTemporary is the age at which a file that was not finished is
	// removed: its writer has died.
	staleTemporary = time.Hour
)

func newCache(o Options) *cache {
	c := &cache{dir: o.CacheDir, bytes: o.CacheBytes, clock: o.Clock}
	if c.dir != "" {
		c.usual = hyperscan.Version() + "\x00" + hyperscan.Platform()
	}
	return c
}

// usable makes the folder if need be and says whether it can be trusted.
func (c *cache) usable() bool {
	if c.dir == "" {
		return false
	}
	c.once.Do(func() {
		if os.MkdirAll(c.dir, 0o700) != nil {
			return
		}
		info, err := os.Stat(c.dir)
		c.trusted = err == nil && info.IsDir() && ownedAlone(info)
	})
	return c.trusted
}

func (c *cache) path(patterns [keySize]byte) string {
	h := sha256.New()
	h.Write(patterns[:])
	h.Write([]byte(c.usual))
	return filepath.Join(c.dir, cachePrefix+hex.EncodeToString(h.Sum(nil)[:16])+cacheSuffix)
}

// load returns the database of the patterns, nil when there is none that is
// good.
func (c *cache) load(key [keySize]byte, patterns int) *hyperscan.Database {
	if !c.usable() {
		return nil
	}
	path := c.path(key)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || !ownedAlone(info) {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) < sha256.Size {
		return nil
	}
	sum, text := text[:sha256.Size], text[sha256.Size:]
	if want := sha256.Sum256(text); !bytes.Equal(sum, want[:]) {
		return nil
	}
	db, err := hyperscan.Deserialize(text, patterns)
	if err != nil {
		return nil
	}
	if c.clock != nil {
		now := c.clock()
		_ = os.Chtimes(path, now, now) // so that prune knows it is used; it may belong to root
	}
	return db
}

// store writes the file in one step, so that a reader never sees half of it,
// and makes room for it.
func (c *cache) store(key [keySize]byte, db *hyperscan.Database) {
	if !c.usable() {
		return
	}
	text, err := db.Serialize()
	if err != nil || c.bytes > 0 && int64(len(text)) > c.bytes {
		return
	}
	f, err := os.CreateTemp(c.dir, cachePrefix+"*.new")
	if err != nil {
		return
	}
	sum := sha256.Sum256(text)
	if _, err = f.Write(sum[:]); err == nil {
		_, err = f.Write(text)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path(key))
	}
	if err != nil {
		os.Remove(f.Name())
		return
	}
	c.prune()
}

// prune removes the files used longest ago until the bound is kept, and
// temporary files whose writer has died.
func (c *cache) prune() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var total int64
	for _, e := range entries {
		name := e.Name()
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || len(name) < len(cachePrefix) || name[:len(cachePrefix)] != cachePrefix {
			continue
		}
		switch filepath.Ext(name) {
		case cacheSuffix:
			files, total = append(files, info), total+info.Size()
		case ".new":
			if c.clock != nil && c.clock().Sub(info.ModTime()) > staleTemporary {
				os.Remove(filepath.Join(c.dir, name))
			}
		}
	}
	if c.bytes == 0 || total <= c.bytes {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, f := range files {
		if total <= c.bytes {
			return
		}
		if os.Remove(filepath.Join(c.dir, f.Name())) == nil {
			total -= f.Size()
		}
	}
}
