package signatures

// flowMemory is what detection remembers of a flow: handles, 0 being nothing. Few
// flows have any.
type flowMemory struct {
	bits  uint32 // into the Inspector's flowbit sets
	notes uint32 // of the flow's rates
	txs   uint32 // of what is remembered of its transactions
	vars  uint32 // of its variables
}

// flowMemories are those of the flows of one worker. There are no more of them
// than of what their handles name, all of which is bounded.
type flowMemories struct {
	slab []flowMemory // slab[0] stays empty
	free []uint32
}

// of returns what is remembered of a flow.
func (m *flowMemories) of(f *FlowState) flowMemory {
	if f.held == 0 {
		return flowMemory{}
	}
	return m.slab[f.held]
}

// keep makes it what is remembered.
func (m *flowMemories) keep(f *FlowState, now flowMemory) {
	switch {
	case now == flowMemory{}:
		if f.held != 0 {
			m.free = append(m.free, f.held)
			f.held = 0
		}
		return
	case f.held != 0:
	case len(m.free) > 0:
		f.held, m.free = m.free[len(m.free)-1], m.free[:len(m.free)-1]
	default:
		if len(m.slab) == 0 {
			m.slab = append(m.slab, flowMemory{})
		}
		f.held = uint32(len(m.slab))
		m.slab = append(m.slab, flowMemory{})
	}
	m.slab[f.held] = now
}
