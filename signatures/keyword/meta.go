package keyword

import (
	"math"
	"strings"

	"spanwatch/signatures/rule"
)

// details returns the rule's, for adding to them.
func (b *Builder) details() *Details {
	if b.plan.Meta.Details == nil {
		b.plan.Meta.Details = &Details{}
	}
	return b.plan.Meta.Details
}

// defaultPriority is that of a rule without priority and with no classtype,
// or one that classification.config does not know.
const defaultPriority = 3

// setMsg is the keyword msg: `msg:"text"`.
func setMsg(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.once(o); d != nil {
		return d
	}
	text, err := rule.Text(o.Value)
	if err != nil {
		return b.diagnose(o, err)
	}
	b.plan.Meta.Msg = text
	return nil
}

// identifier makes the Setup of sid, rev and gid: `sid:N`.
func identifier(least uint64, field func(*Meta) *uint32) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		if d := b.once(o); d != nil {
			return d
		}
		v, ok := parseUnsigned(strings.Trim(o.Value, `"`))
		if !ok || v < least || v > math.MaxUint32 {
			return b.badValue(o, o.Name+" must be a number of 32 bits")
		}
		*field(&b.plan.Meta) = uint32(v)
		return nil
	}
}

// setClasstype is the keyword classtype: `classtype:name`. It is resolved
// when all options are known, so that priority wins wherever it stands.
func setClasstype(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.once(o); d != nil {
		return d
	}
	if strings.ContainsAny(o.Value, " \t,") {
		return b.badValue(o, "classtype is one word")
	}
	b.classOption = o
	return nil
}

func (b *Builder) resolveClass() {
	m := &b.plan.Meta
	if b.classOption == nil || b.env == nil || b.env.Class == nil {
		return
	}
	class := b.classOption.Value
	text, priority, ok := b.env.Class(class)
	if !ok {
		b.warn(b.classOption, "unknown-classtype", "unknown classtype "+quoted(class), "classification.config does not name it; the rule has priority 3")
		return
	}
	m.ClassText = text
	if !m.HasPriority {
		m.Priority = priority
	}
}

// setPriority is the keyword priority: `priority:1..255`, 1 the most severe.
func setPriority(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.once(o); d != nil {
		return d
	}
	v, ok := parseUnsigned(o.Value)
	if !ok || v < 1 || v > 255 {
		return b.badValue(o, "priority must be 1 to 255")
	}
	b.plan.Meta.Priority, b.plan.Meta.HasPriority = uint8(v), true
	return nil
}

// setReference is the keyword reference: `reference:type,id`.
func setReference(b *Builder, o *rule.Option) *rule.Diagnostic {
	kind, id, err := rule.Reference(o.Value)
	if err != nil {
		return b.diagnose(o, err)
	}
	r := Reference{Type: kind, ID: id}
	if b.env != nil && b.env.URL != nil {
		url, ok := b.env.URL(kind, id)
		if !ok {
			b.warn(o, "unknown-reference", "unknown reference type "+quoted(kind), "reference.config does not name it")
		}
		r.URL = url
	}
	d := b.details()
	d.References = append(d.References, r)
	return nil
}

// setMetadata is the keyword metadata: `metadata:key value[, key value]...`.
func setMetadata(b *Builder, o *rule.Option) *rule.Diagnostic {
	pairs, err := rule.Metadata(o.Value)
	if err != nil {
		return b.diagnose(o, err)
	}
	d := b.details()
	for _, p := range pairs {
		d.Metadata = append(d.Metadata, Pair{p.Key, p.Value})
	}
	return nil
}

// setTarget is the keyword target: `target:src_ip|dest_ip`.
func setTarget(b *Builder, o *rule.Option) *rule.Diagnostic {
	var side Target
	switch o.Value {
	case "src_ip":
		side = TargetSource
	case "dest_ip":
		side = TargetDestination
	default:
		return b.badValue(o, "target is src_ip or dest_ip")
	}
	if was := b.plan.Meta.Target; was != TargetNone && was != side {
		return b.fail(o, "duplicate-option", "target names both sides", "", "")
	}
	b.plan.Meta.Target = side
	return nil
}

// setNoalert is the keyword noalert: effects happen, no alert is made.
func setNoalert(b *Builder, _ *rule.Option) *rule.Diagnostic {
	b.plan.Meta.NoAlert = true
	return nil
}

// setAlert is the keyword alert: a pass or drop rule alerts as well.
func setAlert(b *Builder, _ *rule.Option) *rule.Diagnostic {
	b.plan.Meta.ForceAlert = true
	return nil
}

// setPrefilter is the keyword prefilter. It chooses how candidates are found
// and changes no result, so there is nothing to keep.
func setPrefilter(*Builder, *rule.Option) *rule.Diagnostic { return nil }

// setNfqMark is the keyword nfq_set_mark, for sensors in the path of packets.
func setNfqMark(b *Builder, o *rule.Option) *rule.Diagnostic {
	b.warn(o, "inert", "nfq_set_mark has no effect", "this sensor is not in the path of packets")
	return nil
}
