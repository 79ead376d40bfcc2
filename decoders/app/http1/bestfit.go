package http1

// bestFit maps a character beyond U+00FF to the single byte that servers with
// Windows code page 1252 take it for, which lets an attacker write a letter or
// slash in many ways; '?' where there is none. The mapping is Microsoft's
// ("bestfit1252"), of which libhtp has what maps to ASCII.
func bestFit(c rune) byte {
	switch {
	case c >= 0x0100 && int(c-0x0100) < len(latinExtendedA):
		return latinExtendedA[c-0x0100]
	case c >= 0xff01 && c <= 0xff5e: // full width
		return byte(c - 0xff01 + '!')
	}
	low, high := 0, len(bestFits)
	for low < high {
		middle := (low + high) / 2
		switch e := &bestFits[middle]; {
		case c < e.first:
			high = middle
		case int(c-e.first) >= len(e.bytes):
			low = middle + 1
		default:
			return e.bytes[c-e.first]
		}
	}
	return '?'
}

const latinExtendedA = "AaAaAaCcCcCcCcDd" + "?dEeEeEeEeEeGgGg" + "GgGgHhHhIiIiIiIi" + "Ii??JjKk?LlLlLl?" +
	"?LlNnNnNn???OoOo" + "Oo??RrRrRrSsSsSs" + "??TtTtTtUuUuUuUu" + "UuUuWwYy?Z?Zz???" + "b"

// bestFits are the other runs, in order.
var bestFits = [...]struct {
	first rune
	bytes string
}{
	{0x0197, "I"}, {0x019a, "l"}, {0x019f, "OOo"}, {0x01ab, "t"}, {0x01ae, "TUu"}, {0x01b6, "z"}, {0x01c0, "|"},
	{0x01c3, "!"}, {0x01cd, "AaIiOoUuUuUuUuUu"}, {0x01de, "Aa"}, {0x01e4, "GgGgKkOoOo"}, {0x01f0, "j"},
	{0x0261, "g"}, {0x02b9, `'"`}, {0x02bc, "'"}, {0x02c4, "^"}, {0x02c8, "'"}, {0x02cb, "`"}, {0x02cd, "_"},
	{0x0300, "`"}, {0x0302, "^~"}, {0x030e, `"`}, {0x0331, "__"}, {0x037e, ";"}, {0x0393, "G"}, {0x0398, "T"},
	{0x03a3, "S"}, {0x03a6, "F"}, {0x03a9, "O"}, {0x03b1, "a"}, {0x03b4, "de"}, {0x03c0, "p"}, {0x03c3, "st"},
	{0x03c6, "f"}, {0x04bb, "h"}, {0x0589, ":"}, {0x066a, "%"},
	{0x2000, "       "}, {0x2010, "--"}, {0x2017, "="}, {0x2032, "'"}, {0x2035, "`"}, {0x2044, "/"}, {0x2074, "45678"},
	{0x207f, "n0123456789"}, {0x20a7, "P"}, {0x2102, "C"}, {0x2107, "E"}, {0x210a, "gHHHh"}, {0x2110, "IILl"},
	{0x2115, "N"}, {0x2118, "PPQRRR"}, {0x2124, "Z"}, {0x2128, "Z"}, {0x212a, "K"}, {0x212c, "BCeeEF"}, {0x2133, "Mo"},
	{0x2212, "-"}, {0x2215, `/\*`}, {0x221a, "v"}, {0x221e, "8"}, {0x2223, "|"}, {0x2229, "n"}, {0x2236, ":"},
	{0x223c, "~"}, {0x2261, "="}, {0x2264, "=="}, {0x2303, "^"}, {0x2320, "()"}, {0x2329, "<>"}, {0x2500, "-"},
	{0x250c, "+"}, {0x2510, "+"}, {0x2514, "+"}, {0x2518, "+"}, {0x251c, "+"}, {0x252c, "-"}, {0x2534, "-"}, {0x253c, "+"},
	{0x2550, "-"}, {0x2552, "++++++++++++"}, {0x2564, "------+++"}, {0x2584, "_"}, {0x2758, "|"}, {0x3000, " "},
	{0x3008, "<>"}, {0x301a, "[]"},
}
