package jsonl

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// packing is a way to compress a file that was put aside.
type packing struct {
	suffix string
	writer func(io.Writer) (io.WriteCloser, error)
}

var packings = map[string]packing{
	"gzip": {".gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	"zstd": {".zst", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }},
}

// partial ends the name of a packed file that is not whole yet.
const partial = ".partial"

// tidy packs and removes what it is time for, in the background. At most one
// goroutine does that at a time; it ends by itself.
func (r *rotator) tidy() {
	if r.packing != nil {
		select {
		case <-r.packing:
		default:
			r.again = true // the running one lists the files before it ends, but perhaps too early
			return
		}
	}
	r.again = false
	done, now := make(chan struct{}), r.now()
	r.packing = done
	go func() {
		defer close(done)
		if err := r.tidyNow(now); err != nil {
			select {
			case r.packed <- err:
			default: // the one before has not been told yet
			}
		}
	}()
}

// tidyNow packs all files that were put aside and are not, also those that an
// earlier process left, and holds the bounds.
func (r *rotator) tidyNow(now time.Time) error {
	var faults []error
	if r.Compress != "" {
		left, _ := filepath.Glob(filepath.Join(r.folder, r.base+"-*"+partial)) // the pattern is well-formed
		for _, path := range left {
			faults = append(faults, os.Remove(path))
		}
		files, err := r.list()
		faults = append(faults, err)
		for _, f := range files {
			if !f.packed {
				faults = append(faults, pack(f.path, packings[r.Compress]))
			}
		}
	}
	return errors.Join(append(faults, r.retain(now))...)
}

// finish waits for the packer and runs it once more for what came meanwhile.
func (r *rotator) finish() error {
	if r.packing == nil {
		return nil
	}
	<-r.packing
	var err error
	if r.again {
		err = r.tidyNow(r.now())
	}
	select {
	case earlier := <-r.packed:
		return errors.Join(earlier, err)
	default:
		return err
	}
}

// pack replaces a file by its packed form. The name of the packed file appears
// when all of it is there; the plain one goes after that.
func pack(path string, p packing) (err error) {
	in, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // removed by somebody meanwhile
	}
	if err != nil {
		return fmt.Errorf("jsonl: compression: %w", err)
	}
	defer in.Close()
	temporary := path + p.suffix + partial
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("jsonl: compression: %w", err)
	}
	err = squeeze(out, in, p)
	if e := out.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary, strings.TrimSuffix(temporary, partial))
	}
	if err != nil {
		return fmt.Errorf("jsonl: compression: %w", errors.Join(err, os.Remove(temporary)))
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("jsonl: compression: %w", err)
	}
	return nil
}

func squeeze(out io.Writer, in io.Reader, p packing) error {
	w, err := p.writer(out)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		return errors.Join(err, w.Close())
	}
	return w.Close()
}
