// Package rule reads the text of Suricata-language rules: files in, syntax
// trees and diagnostics out. It knows the grammar and nothing of what
// keywords mean.
//
//	file ─► logical lines ─► lexer ─► items ─► header, options ─► Rule
//	        lines.go         lexer.go          parse.go           ast.go
//	                         $VARS ─► AddressSet, PortSet
//	                         expression.go address.go port.go
//
// Parse never stops at a bad rule: it reports it with file, line and column
// and goes on with the next. Printing a Rule and parsing it again gives the
// same Rule. Values of options stay as written; Content, Text, IntSyntax,
// SplitArgs and the like read them for the keywords, and Rule.Diagnose turns
// their errors into diagnostics at the very byte.
//
// A Rule owns its memory and may be shared once made; the text of a file may
// be reused when Parse returns. Cost and memory are linear in the text: rules
// are at most 64 KiB long, lists at most 64 deep, and an expression resolves
// to at most 65,536 items.
package rule
