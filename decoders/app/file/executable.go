package file

import "encoding/binary"

// portableExecutable reads as much of a Windows executable's headers as are at
// hand.
func portableExecutable(text string, b []byte) string {
	if len(b) < 64 {
		return text
	}
	at := int(binary.LittleEndian.Uint32(b[60:]))
	if at < 0 || at > len(b)-26 || string(b[at:at+4]) != "PE\x00\x00" {
		return text
	}
	h := b[at:]
	kind := "PE32 executable"
	if binary.LittleEndian.Uint16(h[24:]) == 0x20b {
		kind = "PE32+ executable"
	}
	machine := "unknown processor"
	switch binary.LittleEndian.Uint16(h[4:]) {
	case 0x14c:
		machine = "Intel i386"
	case 0x8664:
		machine = "x86-64"
	case 0x1c0, 0x1c4:
		machine = "ARMv7 Thumb"
	case 0xaa64:
		machine = "Aarch64"
	}
	const dll = 0x2000
	subsystem := ""
	version := ""
	if len(h) >= 24+70 {
		switch binary.LittleEndian.Uint16(h[24+68:]) {
		case 1:
			subsystem = "native"
		case 2:
			subsystem = "GUI"
		case 3:
			subsystem = "console"
		}
		major, minor := binary.LittleEndian.Uint16(h[24+48:]), binary.LittleEndian.Uint16(h[24+50:])
		version = " " + itoa(major) + "."
		if minor < 10 {
			version += "0"
		}
		version += itoa(minor)
	}
	if binary.LittleEndian.Uint16(h[22:])&dll != 0 {
		subsystem = "DLL"
	}
	if subsystem != "" {
		subsystem = " (" + subsystem + ")"
	}
	return kind + " for MS Windows" + version + subsystem + ", " + machine + ", " + itoa(binary.LittleEndian.Uint16(h[6:])) + " sections"
}

// elf reads class, byte order and type of an ELF file.
func elf(text string, b []byte) string {
	if len(b) < 20 {
		return "ELF"
	}
	class, order := "32-bit ", "LSB "
	if b[4] == 2 {
		class = "64-bit "
	}
	var number binary.ByteOrder = binary.LittleEndian
	if b[5] == 2 {
		order = "MSB "
		number = binary.BigEndian
	}
	kind := "unknown type"
	switch number.Uint16(b[16:]) {
	case 1:
		kind = "relocatable"
	case 2:
		kind = "executable"
	case 3:
		kind = "shared object"
	case 4:
		kind = "core file"
	}
	machine := ""
	switch number.Uint16(b[18:]) {
	case 3:
		machine = ", Intel 80386"
	case 8:
		machine = ", MIPS"
	case 40:
		machine = ", ARM"
	case 62:
		machine = ", x86-64"
	case 183:
		machine = ", ARM aarch64"
	}
	return text + class + order + kind + machine
}
