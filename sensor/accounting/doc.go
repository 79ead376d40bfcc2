// Package accounting lets the kernel count every packet of the capture
// interfaces, and tells the flow tables what it counted, so that flow records
// and talkers are exact also of what capture lost or held back.
//
//	interface ─► bpf.Programs ─┬─ totals, VLANs, reasons, milliseconds ─► View ─► metrics, stats
//	             (one each)    │
//	                           └─ flows: each second what has changed, and
//	                              what had to make room in between
//	                                │
//	                              Round ─► offered to all workers, which take
//	                                ▲        │ what they have seen (flow.Table.Offer)
//	                                └────────┘ what nobody has: adopted in the next
//	                                           Round (flow.Table.Adopt)
//
// Open chooses for each interface: native XDP, TCX or generic XDP, the mapped
// array or the kernel's LRU hash, or none, so that packets are counted in user
// space alone; Choice says which, and why. Describe says the same without
// attaching anything.
//
// A Round holds what was counted up to its Time. A lane applies it when it has
// given its workers all frames captured until then, so that what the kernel
// counted and a flow table has not is lost, not late. At the end all programs
// are detached, and the last rounds tell the rest; then, in packets and bytes of
// each interface,
//
//	total = told to flow tables + lost by the kernel's table + refused
//
// Run is one goroutine, which owns the programs' reading side. View may be
// called from any; a Reader belongs to its lane.
package accounting
