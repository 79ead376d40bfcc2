package rule

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// shared returns a path in the material beside the repository, and skips the
// test where there is none.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s: set SPANWATCH_SHARED to the folder that has it", path)
	}
	return path
}

// etOpen returns the text of an Emerging Threats Open ruleset: 32,377 enabled
// rules and 12,333 commented out, of which Suricata 8 reads all.
func etOpen(t testing.TB) []byte {
	t.Helper()
	file, err := os.Open(shared(t, "corpus", "etopen.rules.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestETOpenIsReadWhole(t *testing.T) {
	f := Read("etopen.rules", etOpen(t), nil, Options{Disabled: true})
	if len(f.Rules) != 32377 || len(f.Disabled) != 12333 || f.Failed != 0 {
		t.Errorf("%d rules, %d disabled, %d failed", len(f.Rules), len(f.Disabled), f.Failed)
	}
	for _, d := range f.Diagnostics {
		if !d.Warning {
			t.Error(d)
		}
	}
	checkRules(t, append(f.Rules, f.Disabled...))
}

func TestConformanceRulesAreReadWhole(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "conformance"), "*", "*", "*.rules"))
	if err != nil || len(files) < 700 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	rules, failed := 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := Read(path, text, nil, Options{Disabled: true})
		rules += len(f.Rules)
		failed += f.Failed
		for _, d := range f.Diagnostics {
			if !d.Warning && !meantToFail(path) {
				t.Error(d)
			}
		}
		checkRules(t, append(f.Rules, f.Disabled...))
	}
	t.Logf("%d rules of %d files; %d refused", rules, len(files), failed)
	if rules < 1800 {
		t.Errorf("only %d rules", rules)
	}
}

// meantToFail names the cases with rules that Suricata refuses, too: a
// protocol it was not built with, and one that is yet to come.
func meantToFail(path string) bool {
	return strings.Contains(path, "app-layer-template") || strings.Contains(path, "requires-ok")
}

// checkRules prints every rule and parses it again, and reads the values that
// have a form of their own.
func checkRules(t *testing.T, rules []*Rule) {
	t.Helper()
	printed := make([]byte, 0, 1<<20)
	for _, r := range rules {
		printed = append(r.Append(printed), '\n')
	}
	again, diags := Parse("printed", printed, nil)
	for _, d := range diags {
		if !d.Warning {
			t.Error(d)
		}
	}
	if len(again) != len(rules) {
		t.Fatalf("%d rules printed, %d read", len(rules), len(again))
	}
	for i, r := range rules {
		if diff := sameRule(r, again[i]); diff != "" {
			t.Errorf("printed and read, the rule differs in its %s:\n%s", diff, r)
		}
		for j := range r.Options {
			o := &r.Options[j]
			var err error
			switch o.Name {
			case "msg":
				_, err = Text(o.Value)
			case "content", "uricontent":
				_, _, err = Content(o.Value)
			case "pcre":
				_, _, _, err = MaybeQuoted(o.Value)
			case "metadata":
				_, err = Metadata(o.Value)
			case "reference":
				_, _, err = Reference(o.Value)
			case "dsize", "bsize", "ttl", "icode", "itype":
				_, err = ParseInt(o.Value, 32)
			case "sid", "rev", "gid", "priority":
				_, err = ParseInt(o.Value, 32)
			}
			if err != nil {
				t.Error(r.Diagnose(o, err))
			}
		}
	}
}

func BenchmarkParseETOpen(b *testing.B) {
	text := etOpen(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if rules, _ := Parse("etopen.rules", text, nil); len(rules) != 32377 {
			b.Fatalf("%d rules", len(rules))
		}
	}
}
