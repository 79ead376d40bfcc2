package ssh

import "spanwatch/decoders"

// Record is a connection as it is exported. Its bytes live until the State's
// Release or Reset.
type Record struct {
	Client, Server Side
}

// Side is what one side said; Proto is nil when its banner was not seen.
type Side struct {
	Proto, Software []byte
	// Hassh is empty without a list of algorithms.
	Hassh, HasshText []byte
}

// Loggable reports that the record is what it will be: both banners are there
// or, when fingerprints are wanted, both sides use new keys.
func (t *Tx) Loggable(fingerprints bool) bool {
	least := uint8(BannerDone)
	if fingerprints {
		least = Finished
	}
	return t.progress[decoders.ToServer] >= least && t.progress[decoders.ToClient] >= least
}

// Record returns the connection for export. It is nil when there was no
// banner.
func (t *Tx) Record() *Record {
	if t.sides[0].proto == 0 && t.sides[1].proto == 0 {
		return nil
	}
	t.record = Record{Client: t.sides[decoders.ToServer].record(), Server: t.sides[decoders.ToClient].record()}
	return &t.record
}

func (s *side) record() (r Side) {
	if s.proto > 0 {
		r.Proto, r.Software = s.text[:s.proto], s.text[s.proto:s.software]
	}
	if s.hassh > 0 {
		r.Hassh, r.HasshText = s.hasshDigest(), s.hasshText()
	}
	return r
}
