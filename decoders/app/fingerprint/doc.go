// Package fingerprint makes the fingerprints of TLS hellos: JA3, JA3S and JA4.
//
//	numbers of a hello ──► AppendJA3, AppendMD5, Maker.AppendJA4 ──► text behind the caller's own
//
// TLS and QUIC, which carries TLS messages, share it. Who reads the hello
// leaves out what clients send so that servers stay tolerant (IsGREASE).
// Nothing is kept of what is given.
package fingerprint
