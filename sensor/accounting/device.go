package accounting

import (
	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// programs are what a device needs of bpf.Programs: tests have a kernel of their
// own.
type programs interface {
	ReadFlows(func(*bpf.FlowRecord)) error
	Evictions(limit int, fn func(*bpf.FlowRecord)) (int, error)
	Stats() (bpf.Stats, error)
	VLANs(func(id uint16, totals [2]bpf.Count)) error
	Milliseconds(since int64, dst []bpf.Millisecond) ([]bpf.Millisecond, error)
	Shunt(*bpf.FlowKey) error
	Unshunt(*bpf.FlowKey) (held bpf.Count, ok bool, err error)
	Sample(n uint32) error
	GuardDrop() error
	Attached() error
	Reattach() error
	Detach() error
	Close() error
}

// device reads what the programs of one interface counted, and tells what is new.
type device struct {
	name     string
	index    uint16 // decoders.Frame.Interface
	choice   Choice
	programs programs
	store    bpf.Store

	// What was told of each record so far. Of the array by slot; base of a slot
	// whose flow was evicted before that was read wait in orphans.
	base    []baseline
	orphans map[recordName]baseline
	hash    map[hashName]hashBase // of the LRU hash
	sweep   uint64
	gone    bool // no longer attached, and said so
	paused  bool // drops nothing for the time being, and said so

	told, toldInner bpf.Count // outermost and inner packets told so far
	lostTold        [2]bpf.Count
	milliseconds    []bpf.Millisecond // scratch
	since           int64             // start of the last millisecond told

	view InterfaceView
}

// baseline is what was told of a record.
type baseline struct {
	generation     uint32
	inner          bool
	packets, bytes [2]uint64
}

type recordName struct{ slot, generation uint32 }

// hashName names a record of the LRU hash, which has one for each CPU.
type hashName struct {
	key bpf.FlowKey
	cpu uint32
}

type hashBase struct {
	baseline
	first int64
	sweep uint64
}

func newDevice(p programs, store bpf.Store, name string, index uint16) *device {
	d := &device{name: name, index: index, programs: p, store: store, orphans: map[recordName]baseline{}}
	if store == bpf.StoreLRU {
		d.hash = map[hashName]hashBase{}
	}
	return d
}

// evictions appends what had to make room since the last call, at most limit
// records of it, and reports whether that was all.
func (d *device) evictions(dst []flow.Counted, limit int) (_ []flow.Counted, all bool, err error) {
	n, err := d.programs.Evictions(limit, func(r *bpf.FlowRecord) {
		name := recordName{r.Slot, r.Generation}
		b, ok := d.orphans[name]
		switch {
		case ok:
			delete(d.orphans, name)
		case int(r.Slot) < len(d.base) && d.base[r.Slot].generation == r.Generation:
			b = d.base[r.Slot]
			d.base[r.Slot] = baseline{}
		}
		dst = d.tell(dst, r, &b)
	})
	return dst, n < limit, err
}

// sweepFlows appends what has changed in the kernel's table since the last call.
// All evictions until now must have been read but those of this moment.
func (d *device) sweepFlows(dst []flow.Counted) ([]flow.Counted, error) {
	// What is left was evicted before the last sweep saw its successor, and all
	// evictions of that time have been read: the ring had no room for it.
	for _, b := range d.orphans {
		n := bpf.Count{Packets: b.packets[0] + b.packets[1], Bytes: b.bytes[0] + b.bytes[1]}
		d.lostTold[inner(b.inner)].Add(n)
	}
	clear(d.orphans)
	d.sweep++
	if d.store == bpf.StoreLRU {
		return d.sweepHash(dst)
	}
	err := d.programs.ReadFlows(func(r *bpf.FlowRecord) {
		for int(r.Slot) >= len(d.base) {
			d.base = append(d.base, make([]baseline, max(1<<12, len(d.base)))...)
		}
		b := &d.base[r.Slot]
		if b.generation != r.Generation {
			if b.generation != 0 {
				d.orphans[recordName{r.Slot, b.generation}] = *b
			}
			*b = baseline{generation: r.Generation, inner: r.Key.Depth > 0}
		}
		dst = d.tell(dst, r, b)
		b.packets, b.bytes = r.Packets, r.Bytes
	})
	return dst, err
}

func (d *device) sweepHash(dst []flow.Counted) ([]flow.Counted, error) {
	err := d.programs.ReadFlows(func(r *bpf.FlowRecord) {
		name := hashName{r.Key, r.Slot}
		b := d.hash[name]
		if b.first != r.First || r.Packets[0] < b.packets[0] || r.Packets[1] < b.packets[1] { // forgotten, and begun anew
			b = hashBase{first: r.First}
		}
		dst = d.tell(dst, r, &b.baseline)
		b.packets, b.bytes, b.sweep = r.Packets, r.Bytes, d.sweep
		d.hash[name] = b
	})
	for name, b := range d.hash {
		if b.sweep != d.sweep && err == nil {
			delete(d.hash, name)
		}
	}
	return dst, err
}

// tell appends what a record counted beyond b.
func (d *device) tell(dst []flow.Counted, r *bpf.FlowRecord, b *baseline) []flow.Counted {
	packets := [2]uint64{r.Packets[0] - b.packets[0], r.Packets[1] - b.packets[1]}
	if packets == [2]uint64{} {
		return dst
	}
	bytes := [2]uint64{r.Bytes[0] - b.bytes[0], r.Bytes[1] - b.bytes[1]}
	n := bpf.Count{Packets: packets[0] + packets[1], Bytes: bytes[0] + bytes[1]}
	if r.Key.Depth == 0 {
		d.told.Add(n)
	} else {
		d.toldInner.Add(n)
	}
	return append(dst, flow.Counted{
		Key: flowKey(&r.Key), Packets: packets, Bytes: bytes, First: r.First, Last: r.Last,
		TCPFlags: r.TCPFlags, FirstDir: r.FirstDir, Interface: d.index,
	})
}

func flowKey(k *bpf.FlowKey) decoders.FlowKey {
	return decoders.FlowKey{
		AddrA: k.AddrA, AddrB: k.AddrB, PortA: k.PortA, PortB: k.PortB, VLANs: k.VLANs, Proto: k.Proto, IPVersion: k.IPVersion,
		TunnelID: k.TunnelID, Depth: k.Depth, Tunnel: decoders.TunnelKind(k.Tunnel),
	}
}

func inner(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
