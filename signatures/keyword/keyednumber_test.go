package keyword

import (
	"testing"

	"spanwatch/decoders/app"
)

// settings is a transaction whose numbers are keys in the upper and values in
// the lower 32 bits.
type settings struct {
	app.Tx
	numbers []uint64
}

func (s settings) Integer(_ app.Buffer, i int) (uint64, bool) {
	if i >= len(s.numbers) {
		return 0, false
	}
	return s.numbers[i], true
}

func TestNumbersUnderAKeyAreCompared(t *testing.T) {
	tx := settings{numbers: []uint64{2 << 32, 4<<32 | 65536}} // ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 65536
	for value, want := range map[string]bool{
		"SETTINGS_ENABLE_PUSH":                   true,
		"SETTINGS_ENABLE_PUSH=0":                 true,
		"settings_enable_push = 1":               false,
		"SETTINGS_INITIAL_WINDOW_SIZE >65535":    true,
		"SETTINGS_INITIAL_WINDOW_SIZE 100-70000": true,
		"SETTINGS_MAX_FRAME_SIZE":                false,
	} {
		p, d := tryPlan(t, "http2.settings:"+value+";")
		if d != nil {
			t.Errorf("%s: %v", value, d)
			continue
		}
		if got := p.TxTests[0].MatchTx(&TxFacts{Tx: tx}); got != want {
			t.Errorf("%s matches %v, want %v", value, got, want)
		}
	}
	for _, value := range []string{"SETTINGS_NONE", "SETTINGS_ENABLE_PUSH:1", "SETTINGS_ENABLE_PUSH x", "1"} {
		if _, d := tryPlan(t, "http2.settings:"+value+";"); d == nil {
			t.Errorf("%s loads", value)
		}
	}
}
