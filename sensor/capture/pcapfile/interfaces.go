package pcapfile

import (
	"strconv"

	"spanwatch/decoders"
)

// Interface is a capture interface that some file of a source declares.
type Interface struct {
	Name string // if_name option; "#" and the index in the section when a pcapng file gives none; empty for pcap
	Link decoders.LinkType
}

// Interfaces numbers the interfaces of all files of a source, so that eth0 of
// one file is eth0 of the next. Frame.Interface is an index into it. The zero
// value is an empty table.
type Interfaces struct {
	list   []Interface
	number map[Interface]uint16
}

// maxInterfaces bounds the table by what fits Frame.Interface; interfaces beyond
// it are counted under the last.
const maxInterfaces = 1 << 16

// add returns the number of the interface that is the index-th of its section.
func (t *Interfaces) add(name string, index int, link decoders.LinkType) uint16 {
	if name == "" && index > 0 {
		name = "#" + strconv.Itoa(index)
	}
	it := Interface{Name: name, Link: link}
	if n, ok := t.number[it]; ok {
		return n
	}
	if len(t.list) == maxInterfaces {
		return maxInterfaces - 1
	}
	if t.number == nil {
		t.number = make(map[Interface]uint16)
	}
	n := uint16(len(t.list))
	t.list = append(t.list, it)
	t.number[it] = n
	return n
}

// List returns a copy of the table.
func (t *Interfaces) List() []Interface { return append([]Interface(nil), t.list...) }
