package keyword

// Vars holds the variables of all flows of one worker, numbers (flowint) and
// texts (captures of pcre): for each flow a short list. Variables are numbered
// per ruleset and per store, as Bits are, so that flows keep them by name when
// the ruleset is swapped. Memory is bounded: what does not fit is counted.
type Vars struct {
	nodes []varNode
	free  uint32 // head of the free list; 0 is none
	limit int

	numbers map[string]uint16 // name to the store's number, from 1
	names   []string          // by the store's number
	ofRule  []uint16          // the ruleset's number to the store's

	// Refused counts variables that could not be kept.
	Refused uint64
}

type varNode struct {
	next   uint32
	number uint32 // value of a number
	name   uint16
	isText bool
	text   []byte // memory stays with the node
}

// maxVarText bounds one text in bytes.
const maxVarText = 4 << 10

// NewVars makes a store of at most limit variables.
func NewVars(limit int) *Vars {
	return &Vars{nodes: make([]varNode, 1, 16), limit: limit + 1, numbers: make(map[string]uint16), names: make([]string, 1)}
}

// Use makes the store speak the numbers of another ruleset. names[i] is the
// name of variable i.
func (v *Vars) Use(names []string) {
	v.ofRule = make([]uint16, len(names))
	for i, name := range names {
		number, ok := v.numbers[name]
		if !ok {
			if len(v.numbers) == 1<<16-1 {
				v.Refused++
				continue
			}
			number = uint16(len(v.numbers) + 1)
			v.numbers[name] = number
			v.names = append(v.names, name)
		}
		v.ofRule[i] = number
	}
}

// Release gives back what the handle holds and zeroes it.
func (v *Vars) Release(handle *uint32) {
	for n := *handle; n != 0; {
		next := v.nodes[n].next
		v.nodes[n] = varNode{next: v.free, text: v.nodes[n].text[:0]}
		v.free = n
		n = next
	}
	*handle = 0
}

// FlowVars is one flow's view of the store. The handle lives in the flow.
type FlowVars struct {
	Store  *Vars
	Handle *uint32
}

func (f FlowVars) find(i uint16, isText bool) *varNode {
	name := f.Store.ofRule[i]
	if name == 0 {
		return nil
	}
	for n := *f.Handle; n != 0; n = f.Store.nodes[n].next {
		if v := &f.Store.nodes[n]; v.name == name && v.isText == isText {
			return v
		}
	}
	return nil
}

// make returns the variable, new when there is none; nil when memory is used up.
func (f FlowVars) make(i uint16, isText bool) *varNode {
	if v := f.find(i, isText); v != nil {
		return v
	}
	s := f.Store
	n := s.free
	switch {
	case s.ofRule[i] == 0:
		s.Refused++
		return nil
	case n != 0:
		s.free = s.nodes[n].next
	case len(s.nodes) < s.limit:
		s.nodes = append(s.nodes, varNode{})
		n = uint32(len(s.nodes) - 1)
	default:
		s.Refused++
		return nil
	}
	v := &s.nodes[n]
	*v = varNode{next: *f.Handle, name: s.ofRule[i], isText: isText, text: v.text[:0]}
	*f.Handle = n
	return v
}

// Number returns the number in variable i.
func (f FlowVars) Number(i uint16) (value uint32, ok bool) {
	if v := f.find(i, false); v != nil {
		return v.number, true
	}
	return 0, false
}

// SetNumber sets variable i.
func (f FlowVars) SetNumber(i uint16, value uint32) {
	if v := f.make(i, false); v != nil {
		v.number = value
	}
}

// Text returns the text in variable i, borrowed until it is set again.
func (f FlowVars) Text(i uint16) (text []byte, ok bool) {
	if v := f.find(i, true); v != nil {
		return v.text, true
	}
	return nil, false
}

// SetText sets variable i to a copy of text, cut at 4 KiB.
func (f FlowVars) SetText(i uint16, text []byte) {
	if v := f.make(i, true); v != nil {
		v.text = append(v.text[:0], text[:min(len(text), maxVarText)]...)
	}
}

// Each calls do for every variable, texts with their bytes and numbers with
// nil. For events, not for conditions.
func (f FlowVars) Each(do func(name string, number uint32, text []byte)) {
	for n := *f.Handle; n != 0; n = f.Store.nodes[n].next {
		v := &f.Store.nodes[n]
		if v.isText {
			do(f.Store.names[v.name], 0, v.text)
		} else {
			do(f.Store.names[v.name], v.number, nil)
		}
	}
}
