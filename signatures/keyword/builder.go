package keyword

import (
	"slices"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// Builder collects the plan of one rule, option by option. One goroutine.
type Builder struct {
	plan  *Plan
	set   *Set
	names *Names
	env   *Environment
	text  *rule.Rule

	list        *List        // current buffer; nil until something needs the payload
	touched     *List        // that got the last condition
	transform   bool         // the current list may still be given transforms
	lastSource  *rule.Option // that named the current buffer; nil outside of sticky buffers
	classOption *rule.Option
	contents    []contentOption
	// lastTransform names the last transform of lists with some.
	lastTransform map[*List]string
	base64        *base64Step     // the last base64_decode
	variables     []string        // of byte_extract and byte_math, by slot
	seen          map[string]bool // keywords that may be given once
	warnings      []*rule.Diagnostic
}

// contentOption is where the rule has a content.
type contentOption struct {
	content *Content
	option  *rule.Option
}

// Environment is what the configuration says about names in rules.
type Environment struct {
	// Class resolves a classtype; ok is false for an unknown one.
	Class func(name string) (text string, priority uint8, ok bool)
	// URL resolves a reference; ok is false for an unknown type.
	URL func(kind, id string) (url string, ok bool)
	// Country finds countries for geoip; nil when there is no database.
	Country CountryFunc
	// Reputation is for iprep; nil when there is none.
	Reputation *Reputation
	// Datasets of the ruleset; nil refuses rules that need one.
	Datasets *Datasets
	// ReadFile reads a file that a rule names; ruleFile is where the rule is
	// from. nil refuses such rules.
	ReadFile func(ruleFile, name string) ([]byte, error)
	// Memory is where plans lie; nil leaves each to the runtime.
	Memory *Memory
	// Features are those that `requires: feature X` may ask for.
	Features []string
}

// NewBuilder starts the plan of r. names numbers the flowbits of the whole
// ruleset.
func NewBuilder(set *Set, names *Names, env *Environment, r *rule.Rule) *Builder {
	return &Builder{
		set: set, names: names, env: env, text: r,
		plan: &Plan{Meta: Meta{Gid: 1, Priority: defaultPriority}, Dirs: DirBoth, IPOnly: true, EventOnly: true, AppOnly: true},
		seen: make(map[string]bool),
	}
}

// Add adds one option. The diagnostic says why it cannot be honoured; the
// builder must not be used further then.
func (b *Builder) Add(o *rule.Option) *rule.Diagnostic {
	k, ok := b.set.Lookup(o.Name)
	if !ok {
		return b.unknown(o)
	}
	switch {
	case k.Argument == Required && (!o.HasValue || o.Value == ""):
		return b.fail(o, "missing-value", "keyword "+o.Name+" needs a value", "", k.Syntax)
	case k.Argument == None && o.HasValue:
		return b.fail(o, "unexpected-value", "keyword "+o.Name+" takes no value", "", k.Syntax)
	}
	if k.Traits&KeepsIPOnly == 0 {
		b.plan.IPOnly = false
	}
	if k.Traits&KeepsEventOnly == 0 {
		b.plan.EventOnly = false
	}
	if k.Traits&(KeepsIPOnly|KeepsAppOnly) == 0 {
		b.plan.AppOnly = false
	}
	if k.Traits&NeedsPacket != 0 {
		b.plan.PacketOnly = true
		b.plan.PacketOnlyBy = o.Name
	}
	if k.Kind != KindTransform && k.Kind != KindBuffer && k.Kind != KindMeta {
		b.transform = false
	}
	return k.Setup(b, o)
}

func (b *Builder) unknown(o *rule.Option) *rule.Diagnostic {
	if now, ok := obsoleteNames[o.Name]; ok {
		return b.fail(o, "unsupported-keyword", "keyword "+o.Name+" is obsolete", "Suricata 8 does not load it either", "use "+now)
	}
	if b.set.Known(o.Name) {
		return b.fail(o, "unsupported-keyword", "keyword "+o.Name+" is not supported yet", "", "")
	}
	hint := ""
	if near := rule.Nearest(o.Name, b.set.Names()); near != "" {
		hint = "did you mean " + near + "?"
	}
	return b.fail(o, "unknown-keyword", "unknown keyword "+quoted(o.Name), "no keyword of the rule language has this name", hint)
}

// Finish returns the plan when all options were added.
func (b *Builder) Finish() (*Plan, []*rule.Diagnostic, *rule.Diagnostic) {
	if d := b.closeList(); d != nil {
		return nil, nil, d
	}
	b.plan.Lists = slices.DeleteFunc(b.plan.Lists, func(l *List) bool { return l.Chain.Len() == 0 && l.Absent == AbsentNever })
	lists := b.plan.Lists
	if b.base64 != nil && b.base64.data != nil {
		lists = append(lists[:len(lists):len(lists)], b.base64.data)
	}
	for _, l := range lists {
		if d := b.finishList(l); d != nil {
			return nil, nil, d
		}
	}
	b.resolveClass()
	if b.env != nil && b.env.Memory != nil {
		b.plan = b.env.Memory.keep(b.plan)
	}
	return b.plan, b.warnings, nil
}

// once refuses the second use of a keyword.
func (b *Builder) once(o *rule.Option) *rule.Diagnostic {
	if b.seen[o.Name] {
		return b.fail(o, "duplicate-option", o.Name+" is given twice", "", "")
	}
	b.seen[o.Name] = true
	return nil
}

// current returns the current list, the payload's when no buffer was named.
func (b *Builder) current() *List {
	if b.list == nil {
		b.list = b.listOf(nil, DirBoth)
	}
	return b.list
}

// listOf returns the list to fill for a source: that of an earlier use, or a
// new one where instances or directions are told apart.
func (b *Builder) listOf(source *Source, dirs DirectionSet) *List {
	if source == nil || !source.Multi {
		for _, l := range b.plan.Lists {
			if l.Source == source && l.Dirs == dirs && len(l.Transforms) == 0 && l.Absent == AbsentNever {
				return l
			}
		}
	}
	l := &List{Source: source, Dirs: dirs}
	b.plan.Lists = append(b.plan.Lists, l)
	return l
}

// measured returns the list that a relative keyword measures in: outside of
// sticky buffers that of the content or step before it, wherever a modifier
// may have moved that.
func (b *Builder) measured(relative bool) *List {
	if relative && b.lastSource == nil && b.touched != nil {
		return b.touched
	}
	return b.current()
}

// closeList checks that the buffer just left had conditions.
func (b *Builder) closeList() *rule.Diagnostic {
	if b.lastSource == nil || b.list == nil || b.list.Chain.Len() > 0 || b.list.Absent != AbsentNever {
		return nil
	}
	return b.fail(b.lastSource, "empty-buffer", "nothing is asked of buffer "+b.lastSource.Name, "a sticky buffer needs at least one condition", "")
}

// addNode adds a step to a list.
func (b *Builder) addNode(l *List, n node) {
	b.transform = false
	b.touched = l
	l.Chain.nodes = append(l.Chain.nodes, n)
	b.plan.IPOnly = false
	b.plan.EventOnly = false
}

// addContent adds a content that stands in option o.
func (b *Builder) addContent(l *List, o *rule.Option, c *Content) {
	b.contents = append(b.contents, contentOption{c, o})
	b.addNode(l, node{content: c})
}

// option returns where the rule has a content.
func (b *Builder) option(c *Content) *rule.Option {
	for i := range b.contents {
		if b.contents[i].content == c {
			return b.contents[i].option
		}
	}
	return &b.text.Options[0]
}

// addStep adds a step that matches in one place only. A relative one makes
// what is before it worth retrying.
func (b *Builder) addStep(s step, relative bool) {
	l := b.measured(relative)
	if relative {
		l.markRelative(len(l.Chain.nodes))
	}
	b.addNode(l, node{step: s})
}

// markRelative notes on the last content or expression before node i that
// something measures from it.
func (l *List) markRelative(i int) {
	for k := i - 1; k >= 0; k-- {
		if n := &l.Chain.nodes[k]; n.content != nil || n.pcre != nil {
			n.relativeNext = true
			return
		}
	}
}

// lastContent is the content that a modifier refers to: in a sticky buffer its
// last one, else the last one of the rule.
func (b *Builder) lastContent(o *rule.Option) (*List, int, *rule.Diagnostic) {
	l := b.list
	if b.lastSource == nil && b.touched != nil {
		l = b.touched
	}
	if l != nil {
		for i := len(l.Chain.nodes) - 1; i >= 0; i-- {
			if l.Chain.nodes[i].content != nil {
				return l, i, nil
			}
		}
	}
	return nil, 0, b.fail(o, "no-content", o.Name+" without a content before it", "it changes the content that it follows", "")
}

// defineVariable gives a name of byte_extract or byte_math a slot.
func (b *Builder) defineVariable(o *rule.Option, name string) (int8, *rule.Diagnostic) {
	if name == "" || strings.ContainsAny(name, " \t,") || isDigit(name[0]) || name[0] == '-' {
		return 0, b.badValue(o, "bad variable name "+quoted(name))
	}
	for i, v := range b.variables {
		if v == name {
			return int8(i), nil
		}
	}
	if len(b.variables) == maxVariables {
		return 0, b.fail(o, "too-many", "more than 32 byte variables", "", "")
	}
	b.variables = append(b.variables, name)
	b.plan.Variables = len(b.variables)
	return int8(len(b.variables) - 1), nil
}

// variable returns slot + 1 of a variable that the rule defined before.
func (b *Builder) variable(o *rule.Option, name string) (int8, *rule.Diagnostic) {
	for i, v := range b.variables {
		if v == name {
			return int8(i + 1), nil
		}
	}
	return 0, b.fail(o, "undefined-variable", "byte variable "+quoted(name)+" is not defined",
		"byte_extract or byte_math must define it earlier in the rule", rule.Nearest(name, b.variables))
}

// needApps notes that the rule is about one of some application protocols.
func (b *Builder) needApps(o *rule.Option, apps ProtoSet) *rule.Diagnostic {
	var flows ProtoSet // protocols of flows that carry them
	for p := range apps.All() {
		flows |= covered(p)
	}
	if b.plan.Apps != 0 && b.plan.Apps&flows == 0 {
		return b.fail(o, "wrong-protocol", o.Name+" is a keyword of "+strings.Join(apps.names(), ", ")+" in a rule of "+strings.Join(b.plan.Apps.names(), ", "), "", "")
	}
	if b.plan.Apps != 0 {
		flows &= b.plan.Apps
	}
	b.plan.Apps = flows
	return nil
}

// SetApp notes the application protocol of the rule's header; ProtoUnknown
// for none.
func (b *Builder) SetApp(p app.Proto) {
	if p != app.ProtoUnknown {
		b.plan.Apps = covered(p)
	}
}

// SetHookApp is SetApp for a header with a hook: stages are those of one protocol,
// and not of another one that carries it.
func (b *Builder) SetHookApp(p app.Proto) { b.plan.Apps = Protos(p) }

// NarrowHook restricts the rule to the directions of the hook of its header.
func (b *Builder) NarrowHook(dirs DirectionSet) {
	if b.text.Direction != rule.Transactional {
		b.plan.Dirs &= dirs
	}
}

// narrow restricts the directions in which the rule can match. A
// transactional rule (=>) is about both sides of a transaction.
func (b *Builder) narrow(o *rule.Option, dirs DirectionSet) *rule.Diagnostic {
	if b.text.Direction == rule.Transactional {
		return nil
	}
	if b.plan.Dirs&dirs == 0 {
		return b.fail(o, "wrong-direction", o.Name+" exists in the other direction only",
			"flow or an earlier buffer chose the direction", "")
	}
	b.plan.Dirs &= dirs
	return nil
}
