package http1

import "spanwatch/decoders/app/file"

// Config sets limits. The zero value of a limit in bytes is none.
type Config struct {
	FieldLimit      int // bytes of one line or header field
	HeadLimit       int // bytes of a whole head
	MaxHeaders      int // different fields in a head
	MaxTransactions int // of a flow, not yet released

	Request, Response BodyConfig

	DecodeLayers int // content encodings upon each other that are undone
	LZMALayers   int // of them LZMA

	// Decode paths and queries twice for http.uri, for servers that do.
	DoubleDecodePath, DoubleDecodeQuery bool

	Hashes file.Hashes // of files
}

// BodyConfig says how the bodies of one direction are inspected. All are bytes
// of the decoded body.
type BodyConfig struct {
	Limit uint64 // followed this far, for rules and files
	// MinInspect is how much has to come, unless the body ends before, until
	// it is inspected for the first time.
	MinInspect uint64
	// Window is the least that is inspected at a time after that.
	Window uint64
}

// DefaultConfig returns the values of the suricata.yaml that Suricata 8 ships
// and of libhtp. HeadLimit is our own.
func DefaultConfig() Config {
	return Config{
		FieldLimit:      18000,
		HeadLimit:       256 << 10,
		MaxHeaders:      1024,
		MaxTransactions: 512,
		Request:         BodyConfig{Limit: 100 << 10, MinInspect: 32 << 10, Window: 4 << 10},
		Response:        BodyConfig{Limit: 100 << 10, MinInspect: 40 << 10, Window: 16 << 10},
		DecodeLayers:    2,
		LZMALayers:      1,
		Hashes:          file.AllHashes,
	}
}
