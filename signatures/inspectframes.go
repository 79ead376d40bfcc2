package signatures

import (
	"slices"

	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// FrameMatch is a frame as a rule saw it. Data is borrowed for one Inspect call.
type FrameMatch struct {
	app.Frame
	Name  string // of its kind, with the protocol
	Data  []byte
	Whole bool // Data ends where the frame does
}

// inspectFrames tries the rules on frames with what is due of those of the
// packet's direction. A rule matches a frame once, however many of its
// bytes come later.
func (i *Inspector) inspectFrames(out []Match) []Match {
	log, dir := i.in.Frames, i.in.Dir
	if log == nil {
		return out
	}
	if byDir := i.rules.frames[i.in.App]; byDir != nil && len(byDir[dir]) > 0 {
		frames := log.Frames(dir)
		for k := range frames {
			data, offset, whole, ok := log.Due(dir, &frames[k])
			if !ok {
				continue
			}
			for _, s := range byDir[dir] {
				if s.frames[0].Source.FrameKind == frames[k].Kind && !slices.Contains(frames[k].Matched, s.order) {
					before := len(out)
					out = i.tryFrame(s, &FrameMatch{frames[k], s.frames[0].Source.Name, data, whole}, offset, out)
					if len(out) > before {
						frames[k].Matched = append(frames[k].Matched, s.order)
					}
				}
			}
		}
	}
	log.Looked(dir)
	return out
}

// tryFrame evaluates one signature on the bytes of a frame from offset on.
func (i *Inspector) tryFrame(s *Signature, f *FrameMatch, offset uint64, out []Match) []Match {
	i.stats.Candidates++
	if !i.holds(s) {
		return out
	}
	i.machine.ClearVariables(s.plan.Variables)
	mark := i.machine.Captures.Mark()
	if !i.packetBuffersHold(s) || !i.frameHolds(s, f, offset) {
		i.machine.Captures.Cut(mark)
		return out
	}
	if held, _ := i.payloadHolds(s); !held {
		i.machine.Captures.Cut(mark)
		return out
	}
	out = i.matched(s, i.frameTx(f), false, mark, out)
	out[len(out)-1].Frame = f
	return out
}

func (i *Inspector) frameHolds(s *Signature, f *FrameMatch, offset uint64) bool {
	for _, l := range s.frames {
		if !i.pieceHolds(l, keyword.Piece{Data: f.Data, Offset: int(offset), Open: !f.Whole}) {
			return false
		}
	}
	return true
}

// frameTx finds the transaction of a frame; nil when it has none, or none that
// is still there.
func (i *Inspector) frameTx(f *FrameMatch) app.Tx {
	if f.HasTx {
		for _, tx := range i.in.Txs {
			if tx.ID() == f.TxID {
				return tx
			}
		}
	}
	return nil
}
