package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// program is a classic BPF program that has been verified. An interpreter of our
// own rather than golang.org/x/net/bpf or libpcap's: the first takes "len" for
// the captured length, where filters mean the length on the wire, and both cost
// several times as much (BenchmarkFilter).
type program []instruction

// instruction is a struct bpf_insn: operation, jumps if true and if false, operand.
type instruction struct {
	op     uint16
	jt, jf uint8
	k      uint32
}

// Parts of an operation (bpf(4), linux/bpf_common.h).
const (
	opLd, opLdx, opSt, opStx, opAlu, opJmp, opRet, opMisc = 0, 1, 2, 3, 4, 5, 6, 7

	sizeW, sizeH, sizeB                                  = 0x00, 0x08, 0x10
	modeImm, modeAbs, modeInd, modeMem, modeLen, modeMsh = 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0
	aluAdd, aluSub, aluMul, aluDiv, aluOr, aluAnd        = 0x00, 0x10, 0x20, 0x30, 0x40, 0x50
	aluLsh, aluRsh, aluNeg, aluMod, aluXor               = 0x60, 0x70, 0x80, 0x90, 0xa0
	jmpJa, jmpJeq, jmpJgt, jmpJge, jmpJset               = 0x00, 0x10, 0x20, 0x30, 0x40
	srcK, srcX                                           = 0x00, 0x08
	retA                                                 = 0x10
	miscTax, miscTxa                                     = 0x00, 0x80
	scratchWords                                         = 16
)

// errProgram is what verify wraps; a program that libpcap compiled never is bad.
var errProgram = errors.New("bad BPF program")

// verify checks what run relies upon: known operations, jumps forward and inside,
// a return at the end, scratch memory in bounds, no division by a constant zero.
func (p program) verify() error {
	if len(p) == 0 || p[len(p)-1].op&7 != opRet {
		return fmt.Errorf("%w: no return at the end", errProgram)
	}
	for i, in := range p {
		left := uint64(len(p) - i - 1)
		ok := true
		switch in.op & 7 {
		case opLd:
			switch in.op {
			case opLd | modeAbs | sizeW, opLd | modeAbs | sizeH, opLd | modeAbs | sizeB,
				opLd | modeInd | sizeW, opLd | modeInd | sizeH, opLd | modeInd | sizeB,
				opLd | modeImm, opLd | modeLen:
			case opLd | modeMem:
				ok = in.k < scratchWords
			default:
				ok = false
			}
		case opLdx:
			switch in.op {
			case opLdx | modeImm, opLdx | modeLen, opLdx | modeMsh | sizeB:
			case opLdx | modeMem:
				ok = in.k < scratchWords
			default:
				ok = false
			}
		case opSt, opStx:
			ok = in.op>>3 == 0 && in.k < scratchWords
		case opAlu:
			alu := in.op & 0xf0
			ok = in.op>>8 == 0 && alu <= aluXor
			if (alu == aluDiv || alu == aluMod) && in.op&srcX == 0 {
				ok = ok && in.k != 0
			}
		case opJmp:
			ok = in.op>>8 == 0 && in.op&0xf0 <= jmpJset
			if in.op&0xf0 == jmpJa {
				ok = ok && uint64(in.k) < left
			} else {
				ok = ok && uint64(in.jt) < left && uint64(in.jf) < left
			}
		case opRet:
			ok = in.op == opRet || in.op == opRet|retA
		case opMisc:
			ok = in.op == opMisc|miscTax || in.op == opMisc|miscTxa
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
		switch in.op & 7 {
		case opLd:
			at := uint64(in.k)
			switch in.op & 0xe0 {
			case modeImm:
				a = in.k
				continue
			case modeMem:
				a = mem[in.k%scratchWords]
				continue
			case modeLen:
				a = wireLen
				continue
			case modeInd:
				at += uint64(x)
			}
			switch in.op & 0x18 {
			case sizeW:
				if at+4 > size {
					return false
				}
				a = binary.BigEndian.Uint32(data[at:])
			case sizeH:
				if at+2 > size {
					return false
				}
				a = uint32(binary.BigEndian.Uint16(data[at:]))
			default:
				if at >= size {
					return false
				}
				a = uint32(data[at])
			}
		case opLdx:
			switch in.op & 0xe0 {
			case modeImm:
				x = in.k
			case modeMem:
				x = mem[in.k%scratchWords]
			case modeLen:
				x = wireLen
			default:
				if uint64(in.k) >= size {
					return false
				}
				x = uint32(data[in.k]&0xf) << 2
			}
		case opSt:
			mem[in.k%scratchWords] = a
		case opStx:
			mem[in.k%scratchWords] = x
		case opAlu:
			b := in.k
			if in.op&srcX != 0 {
				b = x
			}
			var ok bool
			if a, ok = alu(in.op&0xf0, a, b); !ok {
				return false
			}
		case opJmp:
			if in.op&0xf0 == jmpJa {
				pc += int(in.k)
				continue
			}
			b := in.k
			if in.op&srcX != 0 {
				b = x
			}
			if jumps(in.op&0xf0, a, b) {
				pc += int(in.jt)
			} else {
				pc += int(in.jf)
			}
		case opRet:
			if in.op&retA != 0 {
				return a != 0
			}
			return in.k != 0
		case opMisc:
			if in.op&miscTxa != 0 {
				a = x
			} else {
				x = a
			}
		}
	}
	return false
}

// alu computes; false on division by zero.
func alu(op uint16, a, b uint32) (uint32, bool) {
	switch op {
	case aluAdd:
		return a + b, true
	case aluSub:
		return a - b, true
	case aluMul:
		return a * b, true
	case aluDiv:
		if b == 0 {
			return 0, false
		}
		return a / b, true
	case aluMod:
		if b == 0 {
			return 0, false
		}
		return a % b, true
	case aluOr:
		return a | b, true
	case aluAnd:
		return a & b, true
	case aluLsh:
		return a << b, true
	case aluRsh:
		return a >> b, true
	case aluXor:
		return a ^ b, true
	}
	return -a, true
}

// jumps tells which way a conditional jump goes.
func jumps(op uint16, a, b uint32) bool {
	switch op {
	case jmpJeq:
		return a == b
	case jmpJgt:
		return a > b
	case jmpJge:
		return a >= b
	}
	return a&b != 0
}
