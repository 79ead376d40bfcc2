package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// program is a classic BPF program that has been verified. An interpreter of our
// own rather than golang.org/x/net/bpf or libpcap's: the first takes "len" for the
// captured length, where filters mean the length on the wire, and the second costs
// a call into C for each frame (BenchmarkFilter).
type program []instruction

// instruction is a struct bpf_insn: operation, jumps if true and if false, operand.
type instruction struct {
	op     uint16
	jt, jf uint8
	k      uint32
}

// Operations of classic BPF (linux/bpf_common.h, bpf(4)), A being the accumulator,
// X the index register, P the frame, M the scratch memory.
const (
	opLoadImm   = 0x00 // A = k
	opLoadWord  = 0x20 // A = P[k:4]
	opLoadHalf  = 0x28 // A = P[k:2]
	opLoadByte  = 0x30 // A = P[k:1]
	opLoadWordX = 0x40 // A = P[X+k:4]
	opLoadHalfX = 0x48 // A = P[X+k:2]
	opLoadByteX = 0x50 // A = P[X+k:1]
	opLoadMem   = 0x60 // A = M[k]
	opLoadLen   = 0x80 // A = length on the wire
	opIndexImm  = 0x01 // X = k
	opIndexMem  = 0x61 // X = M[k]
	opIndexLen  = 0x81 // X = length on the wire
	opIndexIHL  = 0xb1 // X = 4 * (P[k:1] & 0xf)
	opStore     = 0x02 // M[k] = A
	opStoreX    = 0x03 // M[k] = X
	opAdd       = 0x04 // A = A + k, as all arithmetic; with opX, + X
	opSub       = 0x14
	opMul       = 0x24
	opDiv       = 0x34
	opOr        = 0x44
	opAnd       = 0x54
	opShl       = 0x64
	opShr       = 0x74
	opNeg       = 0x84 // A = -A
	opMod       = 0x94
	opXor       = 0xa4
	opJump      = 0x05 // pc += k
	opIfEqual   = 0x15 // pc += jt if A = k, else jf, as all conditions; with opX, X
	opIfMore    = 0x25
	opIfLeast   = 0x35
	opIfBits    = 0x45 // A & k
	opReturn    = 0x06 // accept k bytes
	opReturnA   = 0x16 // accept A bytes
	opToX       = 0x07 // X = A
	opToA       = 0x87 // A = X
	opX         = 0x08 // flag: the operand is X

	scratchWords = 16
)

// Faults of a program.
var (
	errProgram = errors.New("bad BPF program")
	errLoop    = errors.New("expression loops (protochain), which could hold up the capture")
)

// verify checks what run relies upon: known operations, jumps forward and inside,
// a return at the end, scratch memory in bounds, no division by a constant zero.
func (p program) verify() error {
	if len(p) == 0 || p[len(p)-1].op != opReturn && p[len(p)-1].op != opReturnA {
		return fmt.Errorf("%w: no return at the end", errProgram)
	}
	for i, in := range p {
		left := uint64(len(p) - i - 1)
		ok := true
		switch in.op {
		case opLoadImm, opLoadWord, opLoadHalf, opLoadByte, opLoadWordX, opLoadHalfX, opLoadByteX, opLoadLen,
			opIndexImm, opIndexLen, opIndexIHL, opNeg, opToX, opToA, opReturn, opReturnA,
			opAdd, opSub, opMul, opOr, opAnd, opShl, opShr, opXor,
			opAdd | opX, opSub | opX, opMul | opX, opDiv | opX, opMod | opX, opOr | opX, opAnd | opX, opShl | opX, opShr | opX, opXor | opX:
		case opLoadMem, opIndexMem, opStore, opStoreX:
			ok = in.k < scratchWords
		case opDiv, opMod:
			ok = in.k != 0
		case opJump:
			if int32(in.k) < 0 {
				return errLoop
			}
			ok = uint64(in.k) < left
		case opIfEqual, opIfMore, opIfLeast, opIfBits, opIfEqual | opX, opIfMore | opX, opIfLeast | opX, opIfBits | opX:
			ok = uint64(in.jt) < left && uint64(in.jf) < left
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("%w: instruction %d: operation %#x, operand %d", errProgram, i, in.op, in.k)
		}
	}
	return nil
}

// run executes the program on a frame and reports whether it is accepted. A load
// beyond the captured bytes refuses the frame, as does a division by zero.
func (p program) run(data []byte, wireLen uint32) bool {
	var a, x uint32
	var mem [scratchWords]uint32
	size := uint64(len(data))
	for pc := 0; pc < len(p); pc++ {
		in := &p[pc]
		at := uint64(in.k)
		operand := in.k
		if in.op&opX != 0 {
			operand = x
		}
		taken := false
		switch in.op {
		case opLoadWordX:
			at += uint64(x)
			fallthrough
		case opLoadWord:
			if at+4 > size {
				return false
			}
			a = binary.BigEndian.Uint32(data[at:])
			continue
		case opLoadHalfX:
			at += uint64(x)
			fallthrough
		case opLoadHalf:
			if at+2 > size {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[at:]))
			continue
		case opLoadByteX:
			at += uint64(x)
			fallthrough
		case opLoadByte:
			if at >= size {
				return false
			}
			a = uint32(data[at])
			continue
		case opIndexIHL:
			if at >= size {
				return false
			}
			x = uint32(data[at]&0xf) << 2
			continue
		case opIfEqual, opIfEqual | opX:
			taken = a == operand
		case opIfMore, opIfMore | opX:
			taken = a > operand
		case opIfLeast, opIfLeast | opX:
			taken = a >= operand
		case opIfBits, opIfBits | opX:
			taken = a&operand != 0
		case opJump:
			pc += int(in.k)
			continue
		case opReturn:
			return in.k != 0
		case opReturnA:
			return a != 0
		case opLoadImm:
			a = in.k
			continue
		case opLoadLen:
			a = wireLen
			continue
		case opLoadMem:
			a = mem[in.k%scratchWords]
			continue
		case opIndexImm:
			x = in.k
			continue
		case opIndexLen:
			x = wireLen
			continue
		case opIndexMem:
			x = mem[in.k%scratchWords]
			continue
		case opStore:
			mem[in.k%scratchWords] = a
			continue
		case opStoreX:
			mem[in.k%scratchWords] = x
			continue
		case opToX:
			x = a
			continue
		case opToA:
			a = x
			continue
		default:
			var ok bool
			if a, ok = arithmetic(in.op&^opX, a, operand); !ok {
				return false
			}
			continue
		}
		if taken {
			pc += int(in.jt)
		} else {
			pc += int(in.jf)
		}
	}
	return false
}

// arithmetic computes A op b; false on division by zero.
func arithmetic(op uint16, a, b uint32) (uint32, bool) {
	switch op {
	case opAdd:
		a += b
	case opSub:
		a -= b
	case opMul:
		a *= b
	case opDiv:
		if b == 0 {
			return 0, false
		}
		a /= b
	case opMod:
		if b == 0 {
			return 0, false
		}
		a %= b
	case opOr:
		a |= b
	case opAnd:
		a &= b
	case opXor:
		a ^= b
	case opShl:
		a <<= b
	case opShr:
		a >>= b
	case opNeg:
		a = -a
	}
	return a, true
}
