package jsonl

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rotation closes the file now and then, puts it aside under a name with the
// time, and removes the oldest of those. The zero value does none of it.
//
//	eve.json  ─► eve-20260102T150405Z.json ─► eve-20260102T150405Z.json.zst ─► removed
type Rotation struct {
	// MaxBytes closes the file before it grows beyond; 0 is no bound. A single
	// larger write still goes into one file.
	MaxBytes int64
	// Every closes the file when it has been open for so long, with the first
	// event after that; 0 is never. It is the wall clock's time.
	Every time.Duration

	// Compress packs files that were put aside: "", "gzip" or "zstd". It is
	// done in the background and finished by Close.
	Compress string

	// KeepFiles, KeepAge and KeepBytes bound the files that were put aside, the
	// present one not among them; the oldest go first. 0 is no bound.
	KeepFiles int
	KeepAge   time.Duration
	KeepBytes int64
}

// ErrCompress says that Rotation.Compress is no packing that this package has.
var ErrCompress = errors.New("want gzip, zstd or nothing")

// stamp is the time in the name of a file that was put aside.
const stamp = "20060102T150405Z"

// rotator knows the files that belong to one path.
type rotator struct {
	Rotation
	folder, base, ext string // of the path: eve, .json
	now               func() time.Time

	size   int64
	opened time.Time

	packing chan struct{} // closed when the running packer has ended; nil while none runs
	again   bool          // files were put aside since the packer was started
	packed  chan error    // of the packer
}

func newRotator(path string, r Rotation) (*rotator, error) {
	if r.Compress != "" && packings[r.Compress].suffix == "" {
		return nil, fmt.Errorf("jsonl: %w, not %q", ErrCompress, r.Compress)
	}
	name := filepath.Base(path)
	ext := filepath.Ext(name)
	return &rotator{
		Rotation: r, folder: filepath.Dir(path), base: strings.TrimSuffix(name, ext), ext: ext, now: time.Now, packed: make(chan error, 1),
	}, nil
}

// due says whether the file is to be closed before n more bytes are written.
func (r *rotator) due(n int) bool {
	if r.size == 0 {
		return false // an empty file is not worth a name
	}
	return r.MaxBytes > 0 && r.size+int64(n) > r.MaxBytes || r.Every > 0 && r.now().Sub(r.opened) >= r.Every
}

// began notes that a file with size bytes has been opened. Its age counts from
// its last change, since that of a file which another process began is not
// known.
func (r *rotator) began(f *os.File) {
	r.size, r.opened = 0, r.now()
	if st, err := f.Stat(); err == nil && st.Size() > 0 {
		r.size, r.opened = st.Size(), st.ModTime()
	}
}

// putAside renames the file at path, which is closed.
func (r *rotator) putAside(path string) error {
	at := r.now().UTC().Format(stamp)
	for n := 0; ; n++ {
		name := r.base + "-" + at
		if n > 0 {
			name += "." + strconv.Itoa(n)
		}
		to := filepath.Join(r.folder, name+r.ext)
		if r.taken(to) {
			continue
		}
		if err := os.Rename(path, to); err != nil {
			return fmt.Errorf("jsonl: rotation: %w", err)
		}
		return nil
	}
}

// taken says whether a file of that name is there, packed or not.
func (r *rotator) taken(path string) bool {
	for _, p := range packings {
		if _, err := os.Lstat(path + p.suffix); err == nil {
			return true
		}
	}
	_, err := os.Lstat(path)
	return err == nil
}

// aside is a file that was put aside.
type aside struct {
	path   string
	time   time.Time // in its name
	number uint64    // of those of the same second
	size   int64
	packed bool
}

// list returns the files that were put aside, oldest first. What only looks
// like one of them is none: the name must be exactly one that putAside makes.
func (r *rotator) list() ([]aside, error) {
	entries, err := os.ReadDir(r.folder)
	if err != nil {
		return nil, fmt.Errorf("jsonl: rotation: %w", err)
	}
	var out []aside
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), r.base+"-")
		if !ok || !e.Type().IsRegular() {
			continue
		}
		packed := false
		for _, p := range packings {
			if cut, ok := strings.CutSuffix(rest, p.suffix); ok && p.suffix != "" {
				rest, packed = cut, true
				break
			}
		}
		rest, ok = strings.CutSuffix(rest, r.ext)
		if !ok {
			continue
		}
		at, n, numbered := strings.Cut(rest, ".")
		when, err := time.Parse(stamp, at)
		number, bad := strconv.ParseUint(n, 10, 32)
		if err != nil || numbered && bad != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed by somebody meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("jsonl: rotation: %w", err)
		}
		out = append(out, aside{filepath.Join(r.folder, e.Name()), when, number, info.Size(), packed})
	}
	slices.SortFunc(out, func(a, b aside) int { return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.number, b.number)) })
	return out, nil
}

// retain removes what is beyond the bounds at the time now.
func (r *rotator) retain(now time.Time) error {
	if r.KeepFiles == 0 && r.KeepAge == 0 && r.KeepBytes == 0 {
		return nil
	}
	files, err := r.list()
	if err != nil {
		return err
	}
	var total int64
	for _, f := range files {
		total += f.size
	}
	var faults []error
	left := len(files)
	for _, f := range files {
		if (r.KeepFiles == 0 || left <= r.KeepFiles) && (r.KeepBytes == 0 || total <= r.KeepBytes) &&
			(r.KeepAge == 0 || now.Sub(f.time) <= r.KeepAge) {
			break
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("jsonl: retention: %w", err))
		}
		left--
		total -= f.size
	}
	return errors.Join(faults...)
}
