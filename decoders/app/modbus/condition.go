package modbus

import (
	"fmt"
	"strconv"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// condition is what a rule asks of a request. A range that is not set is met by
// all.
type condition struct {
	unit, address, value span
	access               access // 0 for any
	category             category
	function             uint8 // 0 for any
	subfunction          uint16

	hasCategory, hasSubfunction bool
}

// span is N, >N, <N or N<>M of a rule.
type span struct {
	low, high uint16 // both in it
	set       bool
	exact     bool // one number
}

// meets reports whether anything from first to last is in it.
func (s span) meets(first, last uint16) bool {
	return !s.set || first <= s.high && last >= s.low
}

// Match compares the request of an exchange.
func (c *condition) Match(tx app.Tx, _ decoders.Direction) bool {
	t, ok := tx.(*Tx)
	if !ok || !t.has[decoders.ToServer] {
		return false
	}
	m := &t.messages[decoders.ToServer]
	switch {
	case !c.unit.meets(uint16(m.unit), uint16(m.unit)):
		return false
	case c.access != 0:
		return c.matchAccess(m)
	case c.hasCategory:
		return m.category&c.category != 0
	case c.hasSubfunction:
		return c.function == m.function && m.form == formDiagnostic && m.code == c.subfunction
	}
	return c.function == 0 || c.function == m.function
}

func (c *condition) matchAccess(m *message) bool {
	table := c.access & tables
	if m.access&c.access&(read|write) == 0 || table != 0 && m.access&table == 0 {
		return false
	}
	if !c.address.set {
		return true
	}
	first, last, ok := m.addresses()
	if !ok || !c.address.meets(first, last) {
		return false
	}
	if !c.value.set {
		return true
	}
	value, ok := m.written(int(c.address.low))
	return ok && c.value.meets(value, value)
}

// syntax of the keyword modbus; R is N, >N, <N or N<>M.
const syntax = "[unit R,] function N|[!]assigned|unassigned|public|user|reserved|all[,subfunction N] or [unit R,] access read|write [discretes|coils|input|holding][,address R[,value R]]; R is N, >N, <N or N<>M"

// conditionReader takes the parts of an option off the front.
type conditionReader struct{ parts []string }

// next takes the next part if it begins with word, and returns what follows.
func (r *conditionReader) next(word string) (text string, ok bool) {
	if len(r.parts) == 0 {
		return "", false
	}
	text, ok = strings.CutPrefix(strings.TrimSpace(r.parts[0]), word)
	if ok {
		r.parts = r.parts[1:]
	}
	return strings.TrimSpace(text), ok
}

// parseCondition reads an option of the keyword modbus.
func parseCondition(value string) (app.Condition, error) {
	c := &condition{}
	r := conditionReader{strings.Split(strings.Trim(strings.TrimSpace(value), `"`), ",")}
	told := false
	if text, ok := r.next("unit "); ok {
		told = true
		if err := c.unit.parse(text); err != nil {
			return nil, fmt.Errorf("unit: %w", err)
		}
	}
	var err error
	if text, ok := r.next("function"); ok {
		told, err = true, c.parseFunction(text, &r)
	} else if text, ok := r.next("access"); ok {
		told, err = true, c.parseAccess(text, &r)
	}
	switch {
	case err != nil:
		return nil, err
	case !told:
		return nil, fmt.Errorf("modbus needs unit, function or access")
	case len(r.parts) > 0:
		return nil, fmt.Errorf("modbus has %q where nothing may follow", strings.Join(r.parts, ","))
	}
	return c, nil
}

func (c *condition) parseFunction(text string, r *conditionReader) error {
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && n > 0 {
		c.function = uint8(n)
		if text, ok := r.next("subfunction "); ok {
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return fmt.Errorf("bad subfunction %q", text)
			}
			c.subfunction, c.hasSubfunction = uint16(n), true
		}
		return nil
	}
	name, negated := strings.CutPrefix(text, "!")
	category, ok := categories[name]
	if !ok {
		return fmt.Errorf("bad function %q: 1 to 255, or [!]assigned, unassigned, public, user, reserved, all", text)
	}
	if negated {
		category = categories["all"] &^ category
	}
	c.category, c.hasCategory = category, true
	return nil
}

// categories by their name in rules.
var categories = map[string]category{
	"assigned": publicAssigned, "unassigned": publicUnassigned, "public": publicAssigned | publicUnassigned,
	"user": userDefined, "reserved": reserved,
	"all": publicAssigned | publicUnassigned | userDefined | reserved,
}

// accesses that a rule may ask for, and the tables that there are for each.
var accesses = map[string]struct {
	access
	tables map[string]access
}{
	"read":  {read, map[string]access{"coils": coils, "holding": holding, "discretes": discretes, "input": input}},
	"write": {write, map[string]access{"coils": coils, "holding": holding}},
}

func (c *condition) parseAccess(text string, r *conditionReader) error {
	verb, name, _ := strings.Cut(text, " ")
	kind, ok := accesses[verb]
	if !ok {
		return fmt.Errorf("bad access %q: read or write, and a table", text)
	}
	c.access = kind.access
	if name = strings.TrimSpace(name); name != "" {
		table, ok := kind.tables[name]
		if !ok {
			return fmt.Errorf("%s has no table %q", verb, name)
		}
		c.access |= table
	}
	text, ok = r.next("address ")
	if !ok {
		return nil
	}
	if err := c.address.parse(text); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	if text, ok = r.next("value "); !ok {
		return nil
	}
	if err := c.value.parse(text); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if !c.address.exact || c.access == read {
		return fmt.Errorf("a value goes with one address that is written")
	}
	return nil
}

// parse reads a range. One from 0 has 0 in it, as in Suricata.
func (s *span) parse(text string) error {
	const most = 1<<16 - 1
	bad := fmt.Errorf("bad range %q: N, >N, <N or N<>M of 0 to 65535", text)
	number := func(text string) (uint16, bool) {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
		return uint16(n), err == nil
	}
	from, to, between := strings.Cut(text, "<>")
	above, isAbove := strings.CutPrefix(text, ">")
	below, isBelow := strings.CutPrefix(text, "<")
	s.set = true
	switch {
	case between:
		low, ok := number(from)
		high, ok2 := number(to)
		if !ok || !ok2 || high < low {
			return bad
		}
		s.low, s.high = low, high
		if low < high {
			s.high--
		}
		if low > 0 && low <= s.high {
			s.low++
		}
	case isAbove:
		n, ok := number(above)
		if !ok || n == most {
			return bad
		}
		s.low, s.high = n+1, most
	case isBelow:
		n, ok := number(below)
		if !ok || n == 0 {
			return bad
		}
		s.high = n - 1
	default:
		n, ok := number(text)
		if !ok {
			return bad
		}
		s.low, s.high, s.exact = n, n, true
	}
	return nil
}
