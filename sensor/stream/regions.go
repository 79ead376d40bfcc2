package stream

import "spanwatch/sensor/flow"

// regionGap is how many missing bytes make two regions of what waits on either
// side of them: Suricata's.
const regionGap = 256 << 10

// maxRegions is more than any capture's; counting ends there.
const maxRegions = 64

// countRegions notes into how many regions the runs of a direction have come
// apart, now that run i has joined them.
func (e *Engine) countRegions(h *half, i uint32) {
	items := e.runs.items
	before := e.reach(h).baseOff
	if prev := items[i].prev; prev != 0 {
		before = items[prev].end()
	}
	if items[i].off <= before+regionGap || h.regions == maxRegions {
		return
	}
	apart, end := uint8(0), e.reach(h).baseOff
	for k := e.reach(h).firstRun; k != 0; k = items[k].next {
		if items[k].off > end+regionGap && apart < maxRegions {
			apart++
		}
		end = items[k].end()
	}
	h.regions = max(h.regions, apart)
}

// Regions returns the most regions, at least one, in which the data of each
// direction has waited at the same time: runs of bytes with more than 256 KiB
// missing between them, which is EVE's measure of how far a stream has come apart.
func (e *Engine) Regions(f *flow.Flow) [2]uint32 {
	s := &e.sessions[f.Stream]
	return [2]uint32{uint32(s.half[0].regions) + 1, uint32(s.half[1].regions) + 1}
}
