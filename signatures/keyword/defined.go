package keyword

import (
	"slices"
	"sync"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/registry"
	"spanwatch/signatures/rule"
)

// definedProtocol is a protocol whose own folder says what rules can look at.
type definedProtocol struct {
	proto app.Proto
	app.Definition
}

// defined lists them, in the order of the registry.
var defined = sync.OnceValue(func() (list []definedProtocol) {
	for _, c := range registry.New() {
		if d, ok := c.Parser.(app.Described); ok {
			list = append(list, definedProtocol{c.Parser.Proto(), d.Definition()})
		}
	}
	return list
})

// definedSources are the buffers of those protocols.
func definedSources() (table []Source) {
	for _, p := range defined() {
		for _, f := range p.Fields {
			if f.Bits > 0 || f.Condition != nil {
				continue
			}
			table = append(table, Source{
				Name: f.Name, Aliases: f.Aliases, Apps: Protos(p.proto), Buffer: f.Buffer, Dirs: DirectionSet(f.Dirs),
				Multi: f.Multi, Streamed: f.Streamed, Stage: f.Stage, Class: ClassBuffer,
			})
		}
	}
	return table
}

// definedNumbers are the numbers of those protocols.
func definedNumbers() (fields []txField) {
	for _, p := range defined() {
		for _, f := range p.Fields {
			if f.Bits == 0 {
				continue
			}
			field := txField{name: f.Name, aliases: f.Aliases, proto: p.proto, buffer: f.Buffer, bits: f.Bits, multi: f.Multi, names: f.Words, flags: f.Flags, keys: f.Keys, kinds: f.Kinds, inclusive: f.Inclusive, allOfNone: f.AllOfNone}
			if f.Dirs != app.Both {
				field.dirs = DirectionSet(f.Dirs)
			}
			fields = append(fields, field)
		}
	}
	return fields
}

// definedConditions are the keywords of those protocols with a grammar of their
// own.
func definedConditions() (keywords []Keyword) {
	for _, p := range defined() {
		for _, f := range p.Fields {
			if f.Condition == nil {
				continue
			}
			keywords = append(keywords, Keyword{Name: f.Name, Aliases: f.Aliases, Kind: KindApp, Syntax: f.Name + ":" + f.Syntax, Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic {
				c, err := f.Condition(o.Value)
				if err != nil {
					return b.badValue(o, err.Error())
				}
				if d := b.needApps(o, Protos(p.proto)); d != nil {
					return d
				}
				if f.Dirs != app.Both {
					if d := b.narrow(o, DirectionSet(f.Dirs)); d != nil {
						return d
					}
				}
				b.addTxTest(txCondition{c})
				return nil
			}})
		}
	}
	return keywords
}

// txCondition asks a condition that a protocol defined.
type txCondition struct{ app.Condition }

func (t txCondition) MatchTx(f *TxFacts) bool { return t.Match(f.Tx, f.Dir) }

// definedProtocols are those protocols as rules name them.
func definedProtocols() (list []AppProtocol) {
	for _, p := range defined() {
		list = append(list, AppProtocol{p.proto.String(), p.proto, p.Transports})
	}
	return list
}

// fileProtos are the protocols that files come from.
var fileProtos = func() ProtoSet {
	set := Protos(app.ProtoHTTP, app.ProtoSMTP, app.ProtoFTPData)
	for _, p := range defined() {
		if p.Files {
			set |= Protos(p.proto)
		}
	}
	return set
}()

// withDefined appends the defined protocols to a table of others; where both
// have one, the definition counts.
func withDefined(table []AppProtocol) []AppProtocol {
	more := definedProtocols()
	table = slices.DeleteFunc(table, func(a AppProtocol) bool {
		return slices.ContainsFunc(more, func(d AppProtocol) bool { return d.Proto == a.Proto })
	})
	return append(table, more...)
}
