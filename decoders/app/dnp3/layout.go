package dnp3

import (
	"strconv"
	"strings"
)

// kind is the form of a field on the wire; numbers have their lowest octet
// first.
type kind uint8

const (
	kindBits kind = iota // an octet of flags and small numbers
	kindU8
	kindU16
	kindU24
	kindU32
	kindTime // milliseconds since 1970, 48 bits
	kindI16
	kindI32
	kindF32
	kindF64
	kindCode // four characters
	kindText
	kindData
)

var kindSizes = [...]int{
	kindBits: 1, kindU8: 1, kindU16: 2, kindU24: 3, kindU32: 4, kindTime: 6, kindI16: 2, kindI32: 4,
	kindF32: 4, kindF64: 8, kindCode: 4, kindText: 0, kindData: 0,
}

// field is a part of a point.
type field struct {
	name     string // in records
	kind     kind
	bits     []bits // of kindBits, from the lowest
	length   string // of kindText and kindData: the field with the length; "" is up to the end of the point
	lengthOf int    // its place, -1
}

// bits are some bits of an octet.
type bits struct {
	name  string
	width int
}

// layout is what the points of an object consist of.
type layout struct {
	fields []field
	packed int // bits of each point, when several are in an octet
	sized  bool
	prefix uint8 // that there has to be, 0 for any
}

// allows reports whether points may be prefixed as an object says.
func (l *layout) allows(o *object) bool {
	return (!l.sized || o.sized()) && (l.prefix == 0 || l.prefix == o.prefix())
}

func layoutKey(group, variation uint8) uint16 { return uint16(group)<<8 | uint16(variation) }

// flags makes a field of bits from names, each of one bit or as in state:2.
func flags(names string) field {
	f := field{kind: kindBits}
	for name := range strings.FieldsSeq(names) {
		name, width, _ := strings.Cut(name, ":")
		n, err := strconv.Atoi(width)
		if err != nil {
			n = 1
		}
		f.bits = append(f.bits, bits{name, n})
	}
	return f
}

func u8(name string) field      { return field{name: name, kind: kindU8} }
func u16(name string) field     { return field{name: name, kind: kindU16} }
func u24(name string) field     { return field{name: name, kind: kindU24} }
func u32(name string) field     { return field{name: name, kind: kindU32} }
func i16(name string) field     { return field{name: name, kind: kindI16} }
func i32(name string) field     { return field{name: name, kind: kindI32} }
func f32(name string) field     { return field{name: name, kind: kindF32} }
func f64(name string) field     { return field{name: name, kind: kindF64} }
func time48(name string) field  { return field{name: name, kind: kindTime} }
func code(name string) field    { return field{name: "data->" + name, kind: kindCode} }
func text(name, n string) field { return field{name: name, kind: kindText, length: n} }

// data is written in base 64, under a name that EVE has it by.
func data(name, n string) field { return field{name: "data->" + name, kind: kindData, length: n} }

const quality = "online restart comm_lost remote_forced local_forced "

var (
	binaryFlags  = flags(quality + "chatter_filter reserved state")
	doubleFlags  = flags(quality + "chatter_filter state:2")
	outputFlags  = flags(quality + "reserved0 reserved1 state")
	counterFlags = flags(quality + "rollover reserved0 reserved1")
	brokenFlags  = flags(quality + "rollover discontinuity reserved0")
	frozenFlags  = flags(quality + "rollover discontinuity reserved1")
	analogFlags  = flags(quality + "over_range reference_err reserved0")
	blockFlags   = flags(quality + "reserved0 discontinuity reserved1")
	commandFlags = flags("status_code:7 commanded_state")
	valueFlags   = flags("status_code:7 reserved0")
	count32      = u32("count")
	count16      = u16("count")
	timestamp    = time48("timestamp")
	commanded    = "commanded_value"
)

// layouts are the objects of annex A of IEEE 1815-2012 that are known, with the
// names that EVE has for their fields.
var layouts = func() map[uint16]*layout {
	table := map[uint16]*layout{}
	add := func(group, variation uint8, l layout) {
		for i := range l.fields {
			f := &l.fields[i]
			f.lengthOf = -1
			for j := range i {
				if f.length != "" && l.fields[j].name == f.length {
					f.lengthOf = j
				}
			}
			if f.length != "" && f.lengthOf < 0 || i >= maxFields {
				panic("dnp3: a layout is wrong")
			}
		}
		table[layoutKey(group, variation)] = &l
	}
	define := func(group, variation uint8, fields ...field) { add(group, variation, layout{fields: fields}) }
	packed := func(group, variation uint8, width int, name string) {
		add(group, variation, layout{fields: []field{u8(name)}, packed: width})
	}
	// inSizes is for objects whose points are prefixed with their size.
	inSizes := func(group, variation uint8, fields ...field) {
		add(group, variation, layout{fields: fields, sized: true})
	}
	in16 := func(group, variation uint8, fields ...field) {
		add(group, variation, layout{fields: fields, prefix: 5})
	}

	packed(1, 1, 1, "state")
	define(1, 2, binaryFlags)
	define(2, 1, u8("state"))
	define(2, 2, binaryFlags, timestamp)
	define(2, 3, binaryFlags, u16("timestamp"))
	packed(3, 1, 2, "state")
	define(3, 2, doubleFlags)
	define(4, 1, doubleFlags)
	define(4, 2, doubleFlags, timestamp)
	define(4, 3, doubleFlags, u16("relative_time_ms"))
	packed(10, 1, 1, "state")
	define(10, 2, outputFlags)
	define(11, 1, outputFlags)
	define(11, 2, outputFlags, timestamp)
	for _, v := range []uint8{1, 2} {
		define(12, v, flags("op_type:4 qu cr tcc:2"), u8("count"), u32("ontime"), u32("offtime"), flags("status_code:7 reserved"))
	}
	packed(12, 3, 1, "point")
	define(13, 1, commandFlags)
	define(13, 2, commandFlags, timestamp)

	define(20, 1, brokenFlags, count32)
	define(20, 2, brokenFlags, count16)
	define(20, 3, counterFlags, count32)
	define(20, 4, counterFlags, count16)
	for v, f := range []field{5: count32, 6: count16, 7: count32, 8: count16} {
		if f.name != "" {
			define(20, uint8(v), f)
		}
	}
	define(21, 1, brokenFlags, count32)
	define(21, 2, brokenFlags, count16)
	define(21, 3, counterFlags, count32)
	define(21, 4, counterFlags, count16)
	define(21, 5, frozenFlags, count32, timestamp)
	define(21, 6, frozenFlags, count16, timestamp)
	define(21, 7, counterFlags, count32, timestamp)
	define(21, 8, counterFlags, count16, timestamp)
	define(21, 9, count32)
	define(21, 10, count16)
	define(21, 11, count32)
	define(21, 12, count16)
	define(22, 1, brokenFlags, count32)
	define(22, 2, brokenFlags, count16)
	define(22, 3, counterFlags, count32)
	define(22, 4, counterFlags, count16)
	define(22, 5, counterFlags, count32, timestamp)
	define(22, 6, brokenFlags, count16, timestamp)
	define(22, 7, counterFlags, count32, timestamp)
	define(22, 8, counterFlags, count16, timestamp)
	define(23, 1, brokenFlags, count32)
	define(23, 2, counterFlags, count16)
	define(23, 3, counterFlags, count32)
	define(23, 4, counterFlags, count16)
	define(23, 5, brokenFlags, count32, timestamp)
	define(23, 6, brokenFlags, count16, timestamp)
	define(23, 7, counterFlags, count32, timestamp)
	define(23, 8, counterFlags, count16, timestamp)

	define(30, 1, analogFlags, i32("value"))
	define(30, 2, analogFlags, i16("value"))
	define(30, 3, i32("value"))
	define(30, 4, i16("value"))
	define(30, 5, analogFlags, f32("value"))
	define(30, 6, analogFlags, f64("value"))
	define(31, 1, analogFlags, i32("value"))
	define(31, 2, analogFlags, i16("value"))
	define(31, 3, analogFlags, i32("value"), timestamp)
	define(31, 4, analogFlags, i16("value"), timestamp)
	define(31, 5, i32("value"))
	define(31, 6, i16("value"))
	define(31, 7, analogFlags, f32("value"))
	define(31, 8, analogFlags, f64("value"))
	for _, g := range []uint8{32, 33, 42} {
		define(g, 1, analogFlags, i32("value"))
		define(g, 2, analogFlags, i16("value"))
		define(g, 3, analogFlags, i32("value"), timestamp)
		define(g, 4, analogFlags, i16("value"), timestamp)
		define(g, 5, analogFlags, f32("value"))
		define(g, 6, analogFlags, f64("value"))
		define(g, 7, analogFlags, f32("value"), timestamp)
		define(g, 8, analogFlags, f64("value"), timestamp)
	}
	define(34, 1, u16("deadband_value"))
	define(34, 2, u32("deadband_value"))
	define(34, 3, f32("deadband_value"))
	define(40, 1, analogFlags, i32("value"))
	define(40, 2, analogFlags, i16("value"))
	define(40, 3, analogFlags, f32("value"))
	define(40, 4, analogFlags, f64("value"))
	define(41, 1, i32("value"), u8("control_status"))
	define(41, 2, i16("value"), u8("control_status"))
	define(41, 3, f32("value"), u8("control_status"))
	define(41, 4, f64("value"), u8("control_status"))
	define(43, 1, valueFlags, i32(commanded))
	define(43, 2, valueFlags, i16(commanded))
	define(43, 3, valueFlags, i32(commanded), timestamp)
	define(43, 4, valueFlags, i16(commanded), timestamp)
	define(43, 5, valueFlags, f32(commanded))
	define(43, 6, valueFlags, f64(commanded))
	define(43, 7, valueFlags, f32(commanded), timestamp)
	define(43, 8, valueFlags, f64(commanded), timestamp)

	define(50, 1, timestamp)
	define(50, 2, timestamp, u32("interval"))
	define(50, 3, timestamp)
	define(50, 4, timestamp, u32("interval_count"), u8("interval_units"))
	define(51, 1, timestamp)
	define(51, 2, timestamp)
	define(52, 1, u16("delay_secs"))
	define(52, 2, u16("delay_ms"))

	define(70, 1, u16("filename_size"), u8("filetype_code"), u8("attribute_code"), u16("start_record"), u16("end_record"),
		u32("file_size"), time48("created_timestamp"), u16("permission"), u32("file_id"), u32("owner_id"), u32("group_id"),
		u8("file_function_code"), u8("status_code"), text("filename", "filename_size"), u16("data_size"), text("data", "data_size"))
	define(70, 2, u16("username_offset"), u16("username_size"), u16("password_offset"), u16("password_size"),
		u32("authentication_key"), text("username", "username_size"), text("password", "password_size"))
	define(70, 3, u16("filename_offset"), u16("filename_size"), time48("created"), u16("permissions"), u32("authentication_key"),
		u32("file_size"), u16("operational_mode"), u16("maximum_block_size"), u16("request_id"), text("filename", "filename_size"))
	inSizes(70, 4, u32("file_handle"), u32("file_size"), u16("maximum_block_size"), u16("request_id"), u8("status_code"), text("optional_text", ""))
	inSizes(70, 5, u32("file_handle"), u32("block_number"), text("file_data", ""))
	inSizes(70, 6, u32("file_handle"), u32("block_number"), u8("status_code"), text("optional_text", ""))
	define(70, 7, u16("filename_offset"), u16("filename_size"), u16("file_type"), u32("file_size"), time48("created_timestamp"),
		u16("permissions"), u16("request_id"), text("filename", "filename_size"))
	in16(70, 8, text("file_specification", ""))

	packed(80, 1, 1, "state")
	define(81, 1, flags("fill_percentage:7 overflow_state"), u8("group"), u8("variation"))
	define(83, 1, code("vendor_code"), u16("object_id"), u16("length"), data("data_objects", "length"))
	define(86, 2, flags("rd wr st ev df padding0 padding1 padding2"))
	define(102, 1, u8("value"))

	in16(120, 1, u32("csq"), u16("usr"), u8("mal"), u8("reason"), data("challenge_data", ""))
	in16(120, 2, u32("csq"), u16("usr"), data("mac_value", ""))
	define(120, 3, u32("csq"), u16("user_number"))
	define(120, 4, u16("user_number"))
	in16(120, 5, u32("ksq"), u16("user_number"), u8("key_wrap_alg"), u8("key_status"), u8("mal"), u16("challenge_data_len"),
		data("challenge_data", "challenge_data_len"), data("mac_value", ""))
	in16(120, 6, u24("ksq"), u16("usr"), data("wrapped_key_data", ""))
	in16(120, 7, u32("sequence_number"), u16("usr"), u16("association_id"), u8("error_code"), time48("time_of_error"), text("error_text", ""))
	in16(120, 8, u8("key_change_method"), u8("certificate_type"), data("certificate", ""))
	define(120, 9, data("mac_value", ""))
	in16(120, 10, u8("key_change_method"), u8("operation"), u32("scs"), u16("user_role"), u16("user_role_expiry_interval"),
		u16("username_len"), u16("user_public_key_len"), u16("certification_data_len"), text("username", "username_len"),
		data("user_public_key", "user_public_key_len"), data("certification_data", "certification_data_len"))
	in16(120, 11, u8("key_change_method"), u16("username_len"), u16("master_challenge_data_len"), text("username", "username_len"),
		data("master_challenge_data", "master_challenge_data_len"))
	in16(120, 12, u32("ksq"), u16("user_number"), u16("challenge_data_len"), data("challenge_data", "challenge_data_len"))
	in16(120, 13, u32("ksq"), u16("user_number"), u16("encrypted_update_key_len"), data("encrypted_update_key_data", "encrypted_update_key_len"))
	in16(120, 14, data("digital_signature", ""))
	in16(120, 15, data("mac", ""))
	for _, g := range []uint8{121, 122} {
		define(g, 1, blockFlags, u16("association_id"), u32("count_value"))
	}
	define(122, 2, blockFlags, u16("association_id"), u32("count_value"), timestamp)
	return table
}()
