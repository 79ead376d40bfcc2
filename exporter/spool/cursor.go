package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
)

// Position is a place between two records of a log. Positions come from Append
// and Head and are for Commit.
type Position struct {
	number  uint64 // of the record after it
	segment uint64 // number of the first record of the segment it is in
	offset  int64  // in the segment
	lost    uint64 // damaged records between the cursor and here
}

// Everything is a position behind all records, for Hold.
var Everything = Position{number: math.MaxUint64}

// cursorFile holds where reading stands: two slots written in turn, so that a
// write that a crash tears leaves the other. The valid one with the larger
// number holds.
type cursorFile struct {
	file *os.File
	slot int
}

const (
	cursorName = "cursor"
	slotSize   = 8 + 8 + 8 + 4
	slots      = 2
)

// openCursor opens the file and reads the position. ok is false when there is
// none: reading begins at the oldest record.
func openCursor(dir string) (c cursorFile, at Position, ok bool, err error) {
	f, err := os.OpenFile(filepath.Join(dir, cursorName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return c, at, false, fmt.Errorf("spool: %w", err)
	}
	c.file = f
	var b [slots * slotSize]byte
	n, _ := f.ReadAt(b[:], 0) // a short or unreadable file is one without positions
	for i := range slots {
		if n < (i+1)*slotSize {
			break
		}
		if p, valid := parseSlot(b[i*slotSize:]); valid && (!ok || p.number >= at.number) {
			at, ok = p, true
			c.slot = 1 - i
		}
	}
	return c, at, ok, nil
}

func parseSlot(b []byte) (Position, bool) {
	if crc32.Checksum(b[:slotSize-4], castagnoli) != binary.LittleEndian.Uint32(b[slotSize-4:]) {
		return Position{}, false
	}
	p := Position{
		number:  binary.LittleEndian.Uint64(b),
		segment: binary.LittleEndian.Uint64(b[8:]),
		offset:  int64(binary.LittleEndian.Uint64(b[16:])),
	}
	return p, p.number > 0 && p.segment > 0 && p.segment <= p.number && p.offset >= int64(len(magic))
}

// write records p. The file has its full size after two calls, so that a full
// disk does not hinder the later ones.
func (c *cursorFile) write(p Position) error {
	var b [slotSize]byte
	binary.LittleEndian.PutUint64(b[:], p.number)
	binary.LittleEndian.PutUint64(b[8:], p.segment)
	binary.LittleEndian.PutUint64(b[16:], uint64(p.offset))
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	if _, err := c.file.WriteAt(b[:], int64(c.slot*slotSize)); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	c.slot = 1 - c.slot
	return nil
}
