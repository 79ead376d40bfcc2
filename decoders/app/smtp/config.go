package smtp

import (
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/mime"
)

// Config says how mail is looked at.
type Config struct {
	MIME mime.Config
	// DecodeMIME reads mails as RFC 5322 and MIME; default true.
	DecodeMIME bool
	// RawExtraction takes each mail as one file named "rawmsg"; it excludes
	// DecodeMIME. Default false.
	RawExtraction bool
	// DecodeChunks reads mails that come in BDAT chunks too, which Suricata
	// passes over. Default false.
	DecodeChunks bool
	// Hashes computed of attachments; default all.
	Hashes file.Hashes
	// InspectMin is how much of an attachment must have come before file.data
	// is inspected, and InspectWindow how far an inspection reaches back over
	// what the one before saw, in bytes. Default 32,768 and 4,096, Suricata's
	// content-inspect-min-size and content-inspect-window.
	InspectMin, InspectWindow int
}

// DefaultConfig returns Suricata's defaults.
func DefaultConfig() Config {
	return Config{
		MIME:          mime.DefaultConfig(),
		DecodeMIME:    true,
		Hashes:        file.AllHashes,
		InspectMin:    32 << 10,
		InspectWindow: 4 << 10,
	}
}
