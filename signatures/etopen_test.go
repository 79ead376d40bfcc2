package signatures

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// shared returns the folder of shared test material, or skips the test.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SPANWATCH_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("shared test material is not here (set SPANWATCH_SHARED): %v", err)
	}
	return dir
}

// etOpen returns the text of the ET Open ruleset.
func etOpen(t testing.TB) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(shared(t), "corpus", "etopen.rules.zst"))
	if err != nil {
		t.Skipf("no ET Open ruleset: %v", err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	text, err := d.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestETOpenLoadsOrSaysWhyNot(t *testing.T) {
	text := etOpen(t)
	start := time.Now()
	rs, report := Load([]Source{{Name: "etopen.rules", Text: text}}, Options{})
	t.Logf("loaded in %v", time.Since(start))
	if report.Loaded+report.Failed+report.Skipped+report.Replaced != report.Total {
		t.Errorf("%d loaded + %d failed + %d skipped + %d replaced are not %d in all",
			report.Loaded, report.Failed, report.Skipped, report.Replaced, report.Total)
	}
	if len(report.Failures) != report.Failed {
		t.Errorf("%d failures are explained, %d counted", len(report.Failures), report.Failed)
	}
	if report.Total < 30000 || report.Loaded < 4000 || len(rs.Signatures()) < report.Loaded {
		t.Errorf("only %d of %d rules loaded as %d signatures", report.Loaded, report.Total, len(rs.Signatures()))
	}
	for _, s := range rs.Signatures() {
		if !json.Valid(alertObject(s)) {
			t.Fatalf("sid %d: alert object is not JSON: %s", s.Sid(), alertObject(s))
		}
	}
	t.Logf("total %d loaded %d failed %d skipped %d replaced %d disabled %d", report.Total, report.Loaded, report.Failed, report.Skipped, report.Replaced, report.Disabled)
	t.Logf("types %v prefilter %+v", report.Types, report.Prefilter)
	for i, r := range report.Reasons {
		if i == 60 {
			t.Logf("… %d more reasons", len(report.Reasons)-i)
			break
		}
		t.Logf("%6d %-22s %s", r.Count, r.Code, r.What)
	}
}
