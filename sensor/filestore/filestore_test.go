package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bounds(dir string) Config {
	return Config{Dir: dir, MaxFile: 10, MaxFiles: 3, MaxBytes: 25, Wait: true}
}

func add(s *Store, text string) bool { return s.Add(sha256.Sum256([]byte(text)), []byte(text)) }

func TestFilesAreKeptOnceUnderTheirHash(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bounds(dir))
	for range 2 {
		if !add(s, "evidence") {
			t.Error("a file was refused")
		}
	}
	s.Close()
	sum := sha256.Sum256([]byte("evidence"))
	name := hex.EncodeToString(sum[:])
	got, err := os.ReadFile(filepath.Join(dir, name[:2], name))
	if err != nil || string(got) != "evidence" {
		t.Errorf("%q, %v", got, err)
	}
	if st := s.Stats(); st.Stored != 1 || st.Known != 1 || st.Written != 8 {
		t.Errorf("%+v", st)
	}
	if rest, _ := filepath.Glob(filepath.Join(dir, "tmp-*")); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

func TestBoundsHold(t *testing.T) {
	cases := []struct {
		name  string
		files []string
		want  []bool
		large uint64
		full  uint64
	}{
		{"one file too large", []string{"12345678901", "x"}, []bool{false, true}, 1, 0},
		{"too many files", []string{"a", "b", "c", "d"}, []bool{true, true, true, false}, 0, 1},
		{"one file again and again", []string{"a", "a", "a", "b", "a", "c", "a"}, []bool{true, true, true, true, true, true, true}, 0, 0},
		{"a file that does not fit leaves room for one that does", []string{"1234567890", "234567890", "3456789012", "x"}, []bool{true, true, false, true}, 0, 1},
		{"too many bytes", []string{"1234567890", "2345678901", "3456789012"}, []bool{true, true, false}, 0, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, bounds(t.TempDir()))
			for i, text := range c.files {
				if got := add(s, text); got != c.want[i] {
					t.Errorf("%q: %v, want %v", text, got, c.want[i])
				}
			}
			s.Close()
			if st := s.Stats(); st.Large != c.large || st.Full != c.full {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestADiskThatFailsIsToldAndCounted(t *testing.T) {
	dir := t.TempDir()
	var told []error
	s, err := Open(bounds(dir), func(err error) { told = append(told, err) })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder was
		t.Fatal(err)
	}
	add(s, "a")
	add(s, "b")
	s.Close()
	if st := s.Stats(); st.Failed != 2 || len(told) != 1 || told[0] == nil {
		t.Errorf("%+v, told %v", st, told)
	}
}

func TestAStoreNeedsBounds(t *testing.T) {
	if _, err := Open(Config{Dir: t.TempDir()}, nil); !errors.Is(err, ErrConfig) {
		t.Errorf("%v, want ErrConfig", err)
	}
}
