package geotest

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

// bundledPath is where the bundled database stands, from this folder.
const bundledPath = "../../../testdata/geoip/test.mmdb"

// -update writes the bundled database instead of comparing it.
var update = flag.Bool("update", false, "write testdata/geoip/test.mmdb")

func TestBundledDatabaseIsWhatThisPackageBuilds(t *testing.T) {
	want, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(bundledPath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(bundledPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/geoip/test.mmdb differs from the records in Bundled; run this test with -update, then `go run ./sensor/internal/record -index`")
	}
}

func TestBuildGivesTheSameBytesForTheSameRecords(t *testing.T) {
	first, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := Bundled()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("two builds differ")
		}
	}
}
