package rule

// Codes of the diagnostics of this package: stable keys for counters and
// reports. Keywords add their own.
const (
	CodeAction         = "unknown-action"
	CodeProtocol       = "unknown-protocol"
	CodeHook           = "bad-hook"
	CodeDirection      = "bad-direction"
	CodeHeader         = "bad-header"
	CodeAddress        = "bad-address"
	CodeHostBits       = "address-host-bits" // warning: 10.0.0.1/8
	CodeNothingLeft    = "negates-everything"
	CodePort           = "bad-port"
	CodePortRange      = "port-out-of-range"
	CodeVariable       = "undefined-variable"
	CodeVariableCycle  = "variable-cycle"
	CodeOneFamily      = "one-family-negation" // warning: !$HOME_NET of IPv4 only
	CodeNesting        = "nested-too-deeply"
	CodeTooManyRanges  = "too-many-ranges"
	CodeEmptyItem      = "empty-list-item"
	CodeBracket        = "unbalanced-bracket"
	CodeNoOptions      = "no-options"
	CodeOptionName     = "bad-option-name"
	CodeSemicolon      = "missing-semicolon"
	CodeInnerSemicolon = "semicolon-in-quotes"
	CodeQuote          = "unbalanced-quote"
	CodeAfterQuote     = "text-after-quote"
	CodeUnclosed       = "unclosed-rule"
	CodeTrailing       = "text-after-rule"
	CodeExtraParen     = "extra-parenthesis" // warning
	CodeNulByte        = "nul-byte"
	CodeTooLong        = "rule-too-long"
	CodeEncoding       = "not-a-text-file"
	CodeNoRule         = "no-rule"

	CodeOption        = "bad-option" // an error without a code of its own
	CodeUnquoted      = "missing-quotes"
	CodeNegated       = "not-negatable"
	CodeEscape        = "bad-escape"
	CodeEmptyContent  = "empty-content"
	CodeHex           = "bad-hex"
	CodePipe          = "unterminated-hex"
	CodeInteger       = "bad-integer"
	CodeIntegerRange  = "integer-out-of-range"
	CodeUnknownName   = "unknown-name"
	CodeNeverMatches  = "never-matches"
	CodeAlwaysMatches = "always-matches"
	CodeIndex         = "bad-index"
	CodeReference     = "bad-reference"
	CodeMetadata      = "bad-metadata"
)
