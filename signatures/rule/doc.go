// Package rule reads the text of Suricata-language rules: files in, syntax
// trees and diagnostics out. It knows the grammar and nothing of what
// keywords mean.
//
// Parse never stops at a bad rule: it reports it with file, line and column
// and goes on with the next. Printing a Rule and parsing it again gives the
// same Rule.
package rule
