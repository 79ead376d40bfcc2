package prefilter

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"spanwatch/signatures/hyperscan"
)

// cacheFile is where a compiled database is kept between runs:
//
//	checksum (32 bytes, SHA-256 of the rest) │ serialised database
//
// The name is a hash of the patterns, the library's version and the processor:
// a file that fits by name fits. A file that is damaged is compiled anew; one
// that cannot be read or written costs time and nothing else.
type cacheFile struct {
	path string // empty: no cache
}

func cacheOf(dir string, patterns [sha256.Size]byte) cacheFile {
	if dir == "" {
		return cacheFile{}
	}
	h := sha256.New()
	h.Write(patterns[:])
	h.Write([]byte(hyperscan.Version() + "\x00" + hyperscan.Platform()))
	return cacheFile{filepath.Join(dir, "hs-"+hex.EncodeToString(h.Sum(nil)[:16])+".db")}
}

// load returns the database in the file, nil when there is none that is good.
func (c cacheFile) load(patterns int) *hyperscan.Database {
	if c.path == "" {
		return nil
	}
	text, err := os.ReadFile(c.path)
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
	return db
}

// store writes the file in one step, so that a reader never sees half of it.
func (c cacheFile) store(db *hyperscan.Database) {
	if c.path == "" {
		return
	}
	text, err := db.Serialize()
	if err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(c.path), "hs-*.new")
	if err != nil {
		return
	}
	sum := sha256.Sum256(text)
	_, err = f.Write(append(sum[:], text...))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
