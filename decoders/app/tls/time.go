package tls

import "time"

// nextTime cuts a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5) off b,
// in seconds since 1970.
func nextTime(b []byte) (seconds int64, rest []byte, ok bool) {
	tag, text, rest, shape := next(b)
	if shape != whole {
		return 0, nil, false
	}
	year := 0
	switch {
	case tag&tagNumber == tagUTCTime && len(text) >= 2:
		year, ok = digits(text[:2])
		if year += 1900; year < 1950 {
			year += 100
		}
		text = text[2:]
	case tag&tagNumber == tagGeneralizedTime && len(text) >= 4:
		year, ok = digits(text[:4])
		text = text[4:]
	default:
		return 0, nil, false
	}
	var parts [5]int // month, day, hour, minute, second
	for i := range parts {
		if i == 4 && (len(text) < 2 || text[0] < '0' || text[0] > '9') {
			break // seconds may be missing in old certificates
		}
		if len(text) < 2 || !ok {
			return 0, nil, false
		}
		parts[i], ok = digits(text[:2])
		text = text[2:]
	}
	ok = ok && parts[0] >= 1 && parts[0] <= 12 && parts[1] >= 1 && parts[1] <= 31 && parts[2] < 24 && parts[3] < 60 && parts[4] < 61
	offset, zone := zoneOffset(text)
	if !ok || !zone {
		return 0, nil, false
	}
	return time.Date(year, time.Month(parts[0]), parts[1], parts[2], parts[3], parts[4], 0, time.UTC).Unix() - offset, rest, true
}

// zoneOffset reads Z or +hhmm, behind a fraction of the second.
func zoneOffset(text []byte) (seconds int64, ok bool) {
	if len(text) > 0 && text[0] == '.' {
		text = text[1:]
		for len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
			text = text[1:]
		}
	}
	switch {
	case len(text) == 1 && text[0] == 'Z':
		return 0, true
	case len(text) == 5 && (text[0] == '+' || text[0] == '-'):
		h, good := digits(text[1:3])
		m, fine := digits(text[3:5])
		seconds = int64(h*3600 + m*60)
		if text[0] == '-' {
			seconds = -seconds
		}
		return seconds, good && fine
	}
	return 0, false
}

func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
