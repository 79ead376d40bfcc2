package file

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
)

// Bounds of what a File keeps.
const (
	HeadLen = 512  // content for Magic, bytes
	MaxName = 4096 // bytes of a name; Suricata's limit
)

// Hashes says which hashes are computed.
type Hashes uint8

// Hashes.
const (
	MD5 Hashes = 1 << iota
	SHA1
	SHA256
	AllHashes = MD5 | SHA1 | SHA256
	// KeepContent keeps the content as well, for a file store, up to MaxContent.
	KeepContent Hashes = 1 << 7
)

// State is what became of a file.
type State uint8

// States of a file.
const (
	Unused State = iota
	Open
	Closed    // all of it was seen
	Truncated // it was not: the flow ended, bytes are missing or a limit was reached
)

// String returns the state as fileinfo events write it.
func (s State) String() string {
	switch s {
	case Open, Unused:
		return "UNKNOWN"
	case Closed:
		return "CLOSED"
	}
	return "TRUNCATED"
}

// Range is the part of a larger file that a File is.
type Range struct {
	Start, End uint64 // first and last byte
	Total      uint64 // of the larger file
}

// File is one file of a transaction. Its methods never fail; the zero value is
// unused.
type File struct {
	State  State
	Gaps   bool   // bytes in between were never seen
	Size   uint64 // bytes so far, gaps included
	Range  *Range // nil: the whole file
	Logged bool   // its consumer has reported it
	Stored bool   // its consumer has handed the content to a file store

	name      []byte
	head      []byte
	content   []byte   // with KeepContent
	sids      []uint32 // of rules that asked for it
	hashes    Hashes
	md5       digest
	sha1      digest
	sha256    digest
	magic     string
	magicText []byte
	of        int // bytes of head that magic was found from, plus one; 0 is not asked yet
	kept      Range
}

// digest is a running hash with its result as text.
type digest struct {
	running hash.Hash
	sum     [sha256.Size]byte
	text    [2 * sha256.Size]byte
	at      uint64 // size of the file that text is of, plus one; 0 is none
}

// Start begins a file. The name is copied, at most MaxName bytes of it;
// cut reports that it was longer.
func (f *File) Start(name []byte, hashes Hashes) (cut bool) {
	f.Reset()
	f.State = Open
	f.hashes = hashes
	cut = len(name) > MaxName
	f.name = append(f.name, name[:min(len(name), MaxName)]...)
	if hashes&MD5 != 0 {
		f.md5.start(md5.New)
	}
	if hashes&SHA1 != 0 {
		f.sha1.start(sha1.New)
	}
	if hashes&SHA256 != 0 {
		f.sha256.start(sha256.New)
	}
	return cut
}

func (d *digest) start(fresh func() hash.Hash) {
	if d.running == nil {
		d.running = fresh()
	} else {
		d.running.Reset()
	}
	d.at = 0
}

// SetRange says that the file is a part of a larger one.
func (f *File) SetRange(r Range) {
	f.kept = r
	f.Range = &f.kept
}

// Write takes the next bytes of the content. Bytes may follow Close where a
// protocol finds out late that they belong to the file; they count.
func (f *File) Write(p []byte) {
	f.Size += uint64(len(p))
	if f.hashes&KeepContent != 0 && len(f.content) <= MaxContent {
		f.content = append(f.content, p[:min(len(p), MaxContent+1-len(f.content))]...)
	}
	if n := HeadLen - len(f.head); n > 0 && !f.Gaps {
		f.head = append(f.head, p[:min(n, len(p))]...)
	}
	// Hashes of a file with gaps are those of no file; Suricata still gives
	// the SHA-256 of what it saw, which tells equal cuts from different ones.
	if f.hashes&MD5 != 0 && !f.Gaps {
		f.md5.running.Write(p)
	}
	if f.hashes&SHA1 != 0 && !f.Gaps {
		f.sha1.running.Write(p)
	}
	if f.hashes&SHA256 != 0 {
		f.sha256.running.Write(p)
	}
}

// Gap says that n bytes of the content were not seen.
func (f *File) Gap(n uint64) {
	f.Size += n
	f.Gaps = true
}

// Close ends the file where its content ends.
func (f *File) Close() {
	f.State = Closed
	if f.Gaps {
		f.State = Truncated
	}
}

// Truncate ends the file before its content ends.
func (f *File) Truncate() { f.State = Truncated }

// Reset makes the file unused and keeps its memory.
func (f *File) Reset() {
	name := f.name
	if cap(name) > MaxName/4 {
		name = nil
	}
	*f = File{name: name[:0], head: f.head[:0], sids: f.sids[:0], magicText: f.magicText[:0], md5: f.md5, sha1: f.sha1, sha256: f.sha256}
}

// MaxContent is how much of a file is kept with KeepContent, in bytes: of a larger
// file there is none.
const MaxContent = 32 << 20

// Ask notes that rule sid wants the file kept.
func (f *File) Ask(sid uint32) {
	if !slices.Contains(f.sids, sid) {
		f.sids = append(f.sids, sid)
	}
}

// Asked returns the rules that want the file kept.
func (f *File) Asked() []uint32 { return f.sids }

// TakeContent gives the content away with its SHA-256; false when it is not
// known from its first byte to its last, as far as the file was seen.
func (f *File) TakeContent() (content []byte, sum [sha256.Size]byte, ok bool) {
	if f.hashes&KeepContent == 0 || f.Gaps || f.State == Open || f.State == Unused || len(f.content) > MaxContent {
		return nil, sum, false
	}
	content, f.content = f.content, nil
	return content, sha256.Sum256(content), true
}

// Name returns the name as the protocol gave it.
func (f *File) Name() []byte { return f.name }

// Hash returns one hash in hexadecimal digits; false when it is not computed
// or the content is not known in full. Borrowed until the next Write or Reset.
func (f *File) Hash(h Hashes) ([]byte, bool) {
	if f.hashes&h == 0 || f.State != Closed && !(h == SHA256 && f.State == Truncated && f.Gaps) {
		return nil, false
	}
	switch h {
	case MD5:
		return f.md5.digits(f.Size), true
	case SHA1:
		return f.sha1.digits(f.Size), true
	}
	return f.sha256.digits(f.Size), true
}

func (d *digest) digits(size uint64) []byte {
	sum := d.sum[:0]
	n := 2 * d.running.Size()
	if d.at != size+1 {
		sum = d.running.Sum(sum)
		hex.Encode(d.text[:], sum)
		d.at = size + 1
	}
	return d.text[:n]
}

// MagicText is Magic as bytes of the File, borrowed until the next Write or
// Reset.
func (f *File) MagicText() []byte {
	f.magicText = append(f.magicText[:0], f.Magic()...)
	return f.magicText
}

// Magic describes the type of the file by its first bytes, as libmagic words
// it; see Magic for the types that it knows.
func (f *File) Magic() string {
	if f.of != len(f.head)+1 {
		f.magic = Magic(f.head)
		f.of = len(f.head) + 1
	}
	return f.magic
}
