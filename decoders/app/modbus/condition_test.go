package modbus

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestModbusRequestsAreCompared(t *testing.T) {
	s := newParser().New()
	for _, pdu := range []string{
		"\x10\x00\x01\x00\x02\x04\x00\x0a\x01\x02", // write registers 2 and 3: 10, 258
		"\x01\x00\x63\x00\x0a",                     // read coils 100 to 109
		"\x08\x00\x04\x00\x00",                     // diagnostics: listen only
		"\x5a\x00",                                 // function 90
	} {
		s.Parse(app.Input{Data: append([]byte{0, 1, 0, 0, 0, byte(len(pdu) + 1), 10}, pdu...), Dir: decoders.ToServer})
	}
	for value, want := range map[string]string{ // a letter for each request
		"function 16":                          "w---",
		"function 90":                          "---u",
		"function 91":                          "----",
		"function 8, subfunction 4":            "--d-",
		"function 8,subfunction 5":             "----",
		"function assigned":                    "wrd-",
		"function !assigned":                   "---u",
		"function reserved":                    "---u",
		"function all":                         "wrdu",
		"unit 10":                              "wrdu",
		"unit >9, function 8":                  "--d-",
		"unit <10":                             "----",
		"unit 9<>11":                           "wrdu",
		"unit 10<>12":                          "----",
		"access read":                          "-r--",
		"access write holding":                 "w---",
		"access read holding":                  "----",
		"access read coils, address 109":       "-r--",
		"access read coils, address 110":       "----",
		"access read coils, address >108":      "-r--",
		"access read coils, address <100":      "----",
		"access read coils, address 90<>101":   "-r--",
		"access write, address 3, value 258":   "w---",
		"access write, address 2, value >10":   "----",
		"access write, address 2, value 9<>11": "w---",
		"access write, address 4, value >0":    "----",
		`"unit 10, access write"`:              "w---",
	} {
		c, err := parseCondition(value)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		for i, tx := range s.Txs() {
			if got := c.Match(tx, toServer); got != (want[i] != '-') {
				t.Errorf("%s matches request %d: %v", value, i, got)
			}
		}
	}
	for _, value := range []string{
		"", "unit", "unit x", "unit >>5", "unit 5<>4", "unit 70000", "unit 1, unit 2", "function 0", "function 256", "function some", "function 8, subfunction 65536",
		"function assigned, subfunction 1", "access", "access delete", "access write input", "access read coils holding", "access read, address",
		"access write, address >1, value 2", "access read, address 1, value 2", "access write, address 1, value 2, unit 1", "value 1",
	} {
		if _, err := parseCondition(value); err == nil {
			t.Errorf("%s loads", value)
		}
	}
}
