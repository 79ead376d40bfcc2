package signatures

import (
	"slices"
)

// Add adds the counters of another worker's Inspector.
func (s *InspectorStats) Add(o *InspectorStats) {
	s.Packets += o.Packets
	s.Passed += o.Passed
	s.Scanned += o.Scanned
	s.Candidates += o.Candidates
	s.Inspected += o.Inspected
	s.Matches += o.Matches
	s.Suppressed += o.Suppressed
	s.Silent += o.Silent
	s.Overflow += o.Overflow
	s.StepLimit += o.StepLimit
	s.PcreLimit += o.PcreLimit
	s.BudgetSpent += o.BudgetSpent
	s.Uninspected += o.Uninspected
	s.VarsRefused += o.VarsRefused
	s.BitsRefused += o.BitsRefused
	s.NotesRefused += o.NotesRefused
	s.BitNodesInUse += o.BitNodesInUse
	s.NotesInUse += o.NotesInUse
}

// NeedsChecksums reports whether some rule asks if a checksum is right, so
// that checksums must be computed even where nothing else wants them.
func (rs *Ruleset) NeedsChecksums() bool {
	return slices.ContainsFunc(rs.signatures, func(s *Signature) bool {
		return s.plan.ChecksumTest
	})
}
