package prefilter

// Strength says how selective a pattern is expected to be; of two patterns of
// one length the stronger becomes the fast pattern. A byte value not seen
// before in the pattern counts 3 when it is a letter, 4 when it is another
// printable byte or 00, 01, FF, and 6 otherwise; a repeated one counts 1 (the
// weights of Suricata, so that both engines choose alike).
func Strength(pattern []byte) int {
	var seen [256]bool
	strength := 0
	for _, c := range pattern {
		switch {
		case seen[c]:
			strength++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			strength += 3
		case c >= 0x20 && c < 0x7F || c == 0 || c == 1 || c == 0xFF:
			strength += 4
		default:
			strength += 6
		}
		seen[c] = true
	}
	return strength
}
