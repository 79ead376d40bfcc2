package afpacket

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/link"
)

// ring is one TPACKET_V3 ring (Documentation/networking/packet_mmap.rst of the
// kernel): blocks that the kernel fills in turn and hands over, and that are
// handed back in any order.
//
//	block:  header │ frame header · pad · frame bytes │ frame header · … │
//	                 └── next_offset ──────────────────►
type ring struct {
	fd     int
	memory []byte
	size   int // of a block
	blocks []block

	current int  // the block to read from next
	opened  bool // current is ours, and was begun
	losing  bool // a block says that the kernel has dropped since it was asked last
	left    uint32
	at      int // offset in memory of the next frame

	link      decoders.LinkType
	header    uint32 // length of the link header
	number    uint16 // of the interface among the options'
	hardware  bool   // time stamps of the device were asked for
	member    *member
	retired   bool   // closed, but for bytes still leased
	leases    int    // of all blocks
	longest   uint32 // that a frame can be unless it is a merged one
	delivered delivered
}

// block is our side of one block.
type block struct {
	leases int
	read   bool // to its end, so that it goes back with its last lease
}

// delivered counts what one fill put into a batch.
type delivered struct {
	bytes                                                 uint64
	merged, truncated, otherTags, unsummed, softwareTimes uint64
}

// blockHeader is struct tpacket_block_desc with its only version of header.
type blockHeader struct {
	version, private uint32
	unix.TpacketHdrV1
}

func (r *ring) descriptor(i int) *blockHeader {
	return (*blockHeader)(unsafe.Pointer(&r.memory[i*r.size]))
}

// handed reports whether block i is ours, read or not.
func (r *ring) handed(i int) bool {
	return atomic.LoadUint32(&r.descriptor(i).Block_status)&unix.TP_STATUS_USER != 0
}

// ready reports whether there is a frame to read.
func (r *ring) ready() bool {
	for {
		if r.opened {
			return true
		}
		// Round once and back at a block whose leases have not ended: the kernel
		// waits for it, and drops.
		if r.blocks[r.current].read || !r.handed(r.current) {
			return false
		}
		h := r.descriptor(r.current)
		if h.Block_status&unix.TP_STATUS_LOSING != 0 {
			r.losing = true
		}
		r.left = h.Num_pkts
		r.at = r.current*r.size + int(h.Offset_to_first_pkt)
		if r.left > 0 {
			r.opened = true
			return true
		}
		r.next()
	}
}

// filled is the part of the ring that the kernel has filled and nobody has read.
func (r *ring) filled() float64 {
	n := 0
	for n < len(r.blocks) {
		i := (r.current + n) % len(r.blocks)
		if r.blocks[i].read || !r.handed(i) {
			break
		}
		n++
	}
	return float64(n) / float64(len(r.blocks))
}

// pollable reports whether poll(2) waits for frames that are not there yet: it
// looks at the last block that the kernel handed over, and does not wait while
// we have not handed that one back.
func (r *ring) pollable() bool {
	return !r.handed((r.current + len(r.blocks) - 1) % len(r.blocks))
}

// next goes on to the next block, done with the current one but for leases.
func (r *ring) next() {
	b := &r.blocks[r.current]
	b.read = true
	r.giveBack(r.current)
	r.opened = false
	r.current++
	if r.current == len(r.blocks) {
		r.current = 0
	}
}

// giveBack hands block i to the kernel if nobody needs it.
func (r *ring) giveBack(i int) {
	b := &r.blocks[i]
	if !b.read || b.leases > 0 {
		return
	}
	b.read = false
	atomic.StoreUint32(&r.descriptor(i).Block_status, unix.TP_STATUS_KERNEL)
}

// end ends a lease of block i.
func (r *ring) end(i int) {
	r.blocks[i].leases--
	r.leases--
	r.giveBack(i)
}

// oldest returns the time of the next frame; valid only if ready.
func (r *ring) oldest() int64 {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.memory[r.at]))
	return int64(h.Sec)*1e9 + int64(h.Nsec)
}

// tagBytes is the length of a VLAN tag (IEEE 802.1Q), which the kernel takes out
// of the frame and out of its length.
const tagBytes = 4

// tagTPID is the EtherType of an 802.1Q tag.
const tagTPID = 0x8100

// take puts frames of the current block into frames, numbers them from number,
// and returns how many and the block, of which the caller has a lease then. The
// ring must be ready.
func (r *ring) take(frames []decoders.Frame, number uint64) (n, from int) {
	from = r.current
	r.blocks[from].leases++
	r.leases++
	n = r.fill(frames, number)
	if r.left == 0 {
		r.next()
	}
	return n, from
}

// fill is take without the lease.
func (r *ring) fill(frames []decoders.Frame, number uint64) int {
	n := min(len(frames), int(r.left))
	memory, at := r.memory, r.at
	d := delivered{}
	for i := range n {
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&memory[at]))
		f := &frames[i]
		start := at + int(h.Mac)
		end := start + int(h.Snaplen)
		f.Data = memory[start:end:end]
		f.Timestamp = int64(h.Sec)*1e9 + int64(h.Nsec)
		f.Number = number + uint64(i)
		f.WireLen = h.Len
		f.Link = r.link
		f.Interface = r.number
		f.VLAN, f.HasVLAN = 0, false
		if status := h.Status; status&interesting != 0 || h.Len > r.longest || r.hardware {
			if status&unix.TP_STATUS_VLAN_VALID != 0 {
				f.VLAN, f.HasVLAN = uint16(h.Hv1.Vlan_tci), true
				f.WireLen += tagBytes
				if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 && h.Hv1.Vlan_tpid != tagTPID {
					d.otherTags++
				}
			}
			if status&unix.TP_STATUS_GSO_TCP != 0 || h.Len > r.longest {
				d.merged++
			}
			if status&unix.TP_STATUS_CSUMNOTREADY != 0 {
				d.unsummed++
			}
			if r.hardware && status&unix.TP_STATUS_TS_RAW_HARDWARE == 0 {
				d.softwareTimes++
			}
		}
		if h.Snaplen < h.Len {
			d.truncated++
		}
		d.bytes += uint64(f.WireLen)
		at += int(h.Next_offset)
	}
	r.at = at
	r.left -= uint32(n)
	r.delivered = d
	return n
}

// fit takes over the interface's MTU.
func (r *ring) fit(l *link.Info) {
	r.longest = l.MTU
	if r.header > 0 {
		r.longest += r.header + 2*tagBytes
	}
}

// interesting are the bits of a frame's status that few frames have.
const interesting = unix.TP_STATUS_VLAN_VALID | unix.TP_STATUS_GSO_TCP | unix.TP_STATUS_CSUMNOTREADY
