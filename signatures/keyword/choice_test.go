package keyword

import (
	"testing"
)

func TestValuesAreChosenByNumberNameOrKind(t *testing.T) {
	strong, weak, old := settings{numbers: []uint64{18}}, settings{numbers: []uint64{23}}, settings{numbers: []uint64{0xffffff80}}
	for _, c := range []struct {
		value             string
		strong, weak, old bool
	}{
		{"weak", false, true, true},
		{"!weak", true, false, false},
		{"18", true, false, false},
		{"-128", false, false, true},
		{"17,23", false, true, false},
		{"17 18", true, false, false},
		{"rc4-hmac, aes256-cts-hmac-sha1-96", true, true, false},
	} {
		p, d := tryPlan(t, "krb5.ticket_encryption:"+c.value+";")
		if d != nil {
			t.Errorf("%s: %v", c.value, d)
			continue
		}
		for _, tx := range []struct {
			settings
			want bool
		}{{strong, c.strong}, {weak, c.weak}, {old, c.old}, {settings{}, false}} {
			if got := p.TxTests[0].MatchTx(&TxFacts{Tx: tx}); got != tx.want {
				t.Errorf("%s on %v matches %v", c.value, tx.numbers, got)
			}
		}
	}
	for _, value := range []string{"!18", "Weak", "strong", "weak,18", ">18", "rc4_hmac", "99999999999"} {
		if _, d := tryPlan(t, "krb5.ticket_encryption:"+value+";"); d == nil {
			t.Errorf("%s loads", value)
		}
	}
}
