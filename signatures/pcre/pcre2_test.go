//go:build cgo

package pcre

import "testing"

func TestMachineCodeIsMadeAtTheFirstMatch(t *testing.T) {
	r := compile(t, `(GET|POST) /[a-z]+\.php\?id=\d{1,5}`, Caseless)
	before := r.Size()
	r.Match(NewScratch(), []byte("get /x.php?id=1"), 0)
	if after := r.Size(); after <= before {
		t.Errorf("%d bytes before the first match, %d after it", before, after)
	}
}
