package keyword

// StepLimit is the number of steps that one evaluation of a chain may take
// unless Limits say otherwise; a chain that needs more does not match
// (Suricata's inspection-recursion-limit).
const StepLimit = 3000

// PacketBudget is the work that all evaluations on one packet may take unless
// Limits say otherwise. A unit is a step, or 64 bytes that were searched: some
// 10 ns. An ordinary packet takes less than a hundred.
const PacketBudget = 1_000_000

// Bytes that cost one unit of work.
const (
	searchedPerUnit    = 64
	transformedPerUnit = 16
	expressionPerUnit  = 8 // PCRE2 bounds its work for each place in the data, not for all
)

// Limits bound what hostile bytes can cost. Zero fields stand for the defaults.
type Limits struct {
	Steps  int    // of one evaluation of a chain
	Packet uint64 // work on one packet
}

// SetLimits bounds evaluations.
func (m *Machine) SetLimits(l Limits) { m.limits = l }

// NextPacket gives the Machine the budget of another packet.
func (m *Machine) NextPacket() {
	m.work = 0
	if m.limits.Steps == 0 {
		m.limits.Steps = StepLimit
	}
	if m.limits.Packet == 0 {
		m.limits.Packet = PacketBudget
	}
}

// Spent reports whether the packet's budget is used up: no chain matches any
// more.
func (m *Machine) Spent() bool { return m.work > m.limits.Packet }

// Work returns what evaluations on this packet took so far.
func (m *Machine) Work() uint64 { return m.work }

// step counts a step and reports whether it may be taken.
func (m *Machine) step() bool {
	m.steps++
	m.work++
	return m.steps < m.limits.Steps && m.work <= m.limits.Packet
}
