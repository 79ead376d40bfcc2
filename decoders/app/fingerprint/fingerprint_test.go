package fingerprint

import "testing"

func TestGREASEIsTold(t *testing.T) {
	for n, want := range map[uint16]bool{0x0a0a: true, 0xfafa: true, 0x0a1a: false, 0x1301: false, 0x0b0b: false} {
		if IsGREASE(n) != want {
			t.Errorf("%04x: %v", n, !want)
		}
	}
}

func TestJA3IsListsInDecimal(t *testing.T) {
	text := AppendJA3([]byte("x"), 771, []uint16{4865, 4866}, nil, []uint16{29})
	if string(text) != "x771,4865-4866,,29" {
		t.Errorf("%s", text)
	}
	if got := string(AppendMD5(nil, []byte("abc"))); got != "900150983cd24fb0d6963f7d28e17f72" { // RFC 1321 appendix A.5
		t.Errorf("%s", got)
	}
}

// browser is the hello of the example in FoxIO's technical details of JA4.
func browser() Client {
	return Client{
		Over: OverTCP, Version: 0x0304, ALPN: [2]byte{'h', '2'},
		Ciphers: []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		Extensions: []uint16{0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
			0x000b, 0x000a, 0x0015},
		Signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
}

func TestJA4(t *testing.T) {
	over := func(change func(*Client)) Client {
		c := browser()
		change(&c)
		return c
	}
	many := make([]uint16, 120)
	for _, c := range []struct {
		name   string
		client Client
		want   string
	}{
		{"FoxIO's example", browser(), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"over QUIC", over(func(c *Client) { c.Over = OverQUIC }), "q13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"the order of ciphers and extensions does not count", over(func(c *Client) {
			c.Ciphers[0], c.Ciphers[9] = c.Ciphers[9], c.Ciphers[0]
			c.Extensions[0], c.Extensions[5] = c.Extensions[5], c.Extensions[0]
		}), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"an older version", over(func(c *Client) { c.Version = 0x0303 }), "t12d1516h2_8daaf6152771_e5627efa2ab1"},
		{"a version that has no code", over(func(c *Client) { c.Version = 0x7f1c }), "t00d1516h2_8daaf6152771_e5627efa2ab1"},
		{"no ALPN", over(func(c *Client) { c.ALPN = [2]byte{} }), "t13d151600_8daaf6152771_e5627efa2ab1"},
		{"ALPN that is no text is hexadecimal", over(func(c *Client) { c.ALPN = [2]byte{0xab, 0xcd} }), "t13d1516ad_8daaf6152771_e5627efa2ab1"},
		// The value that every implementation agrees on: the digests of nothing and of "_".
		{"an empty hello", Client{Over: OverTCP}, "t00i000000_e3b0c44298fc_d2e2adf7177b"},
	} {
		var m Maker
		if got := string(m.AppendJA4(nil, &c.client)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	var m Maker
	if got := string(m.AppendJA4(nil, &Client{Over: OverTCP, Ciphers: many}))[:8]; got != "t00i9900" {
		t.Errorf("more numbers than two digits tell: %s", got)
	}
}

func TestALPNEnds(t *testing.T) {
	for protocol, want := range map[string]string{"h2": "h2", "http/1.1": "h1", "h": "", "": "", "\x1a\x1a": "", "\xff\x00a": "\xffa"} {
		ends, ok := ALPNEnds([]byte(protocol))
		if ok != (want != "") || ok && string(ends[:]) != want {
			t.Errorf("%q: %q %v", protocol, ends, ok)
		}
	}
}

func TestNothingIsAllocatedInTheSteadyState(t *testing.T) {
	var m Maker
	c := browser()
	dst := make([]byte, 0, 4096)
	m.AppendJA4(dst, &c)
	if n := testing.AllocsPerRun(20, func() {
		m.AppendJA4(dst, &c)
		AppendMD5(dst, AppendJA3(dst, 771, c.Ciphers, c.Extensions))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
