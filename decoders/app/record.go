package app

import "math"

// Recorder is implemented by transactions that are exported: AppendRecord
// fills in their record and reports whether there is anything to tell.
type Recorder interface {
	AppendRecord(*Record) bool
}

// Detailed is implemented by transactions whose record says more in alerts:
// AppendDetails adds the payload that was looked at.
type Detailed interface {
	AppendDetails(*Record)
}

// Companion is implemented by Recorders whose protocol is carried by another
// one that has an object of its own beside theirs.
type Companion interface {
	// AppendCompanion fills in that object and returns its name.
	AppendCompanion(*Record) (name string)
}

// Record is a transaction as it is exported: named members in order, some of
// them objects or lists. It knows nothing of any format, and borrows the
// bytes it is given until it is rendered. The zero Record is empty; Reset
// keeps its memory for the next one.
type Record struct {
	items []Item
}

// ItemKind says what an Item is.
type ItemKind uint8

// Kinds of items. Between ItemList and its ItemEnd items have no names.
const (
	ItemEnd     ItemKind = iota // of the innermost object or list
	ItemObject                  // named Name, until its ItemEnd
	ItemList                    // likewise
	ItemText                    // Text, bytes from the wire; Number more were cut off
	ItemWord                    // Word, a text of the program's own
	ItemUint                    // Number
	ItemInt                     // Number, signed
	ItemBool                    // Number is 0 or 1
	ItemAddress                 // Text is an IP address of 4 or 16 bytes
	ItemMAC                     // Text in hexadecimal with colons
	ItemBase64                  // Text in base 64
	ItemFloat                   // Number has the bits of a float64
)

// Item is one step of a record.
type Item struct {
	Kind   ItemKind
	Name   string
	Word   string
	Text   []byte
	Number uint64
}

// Items returns the record, valid until the next call of a method.
func (r *Record) Items() []Item { return r.items }

// Reset empties the record.
func (r *Record) Reset() { r.items = r.items[:0] }

// Object opens an object; in a list its name is empty.
func (r *Record) Object(name string) { r.items = append(r.items, Item{Kind: ItemObject, Name: name}) }

// List opens a list.
func (r *Record) List(name string) { r.items = append(r.items, Item{Kind: ItemList, Name: name}) }

// End closes the innermost object or list.
func (r *Record) End() { r.items = append(r.items, Item{Kind: ItemEnd}) }

// Text adds bytes from the wire.
func (r *Record) Text(name string, b []byte) {
	r.items = append(r.items, Item{Kind: ItemText, Name: name, Text: b})
}

// LimitedText adds bytes from the wire, at most limit of them, and says how
// many more there were.
func (r *Record) LimitedText(name string, b []byte, limit int) {
	if len(b) <= limit {
		r.Text(name, b)
		return
	}
	r.items = append(r.items, Item{Kind: ItemText, Name: name, Text: b[:limit], Number: uint64(len(b) - limit)})
}

// OptionalText adds bytes from the wire unless there are none.
func (r *Record) OptionalText(name string, b []byte) {
	if len(b) > 0 {
		r.Text(name, b)
	}
}

// Word adds a text of the program's own.
func (r *Record) Word(name, s string) {
	r.items = append(r.items, Item{Kind: ItemWord, Name: name, Word: s})
}

// Address adds an IP address of 4 or 16 bytes.
func (r *Record) Address(name string, b []byte) {
	r.items = append(r.items, Item{Kind: ItemAddress, Name: name, Text: b})
}

// MAC adds a link-layer address.
func (r *Record) MAC(name string, b []byte) {
	r.items = append(r.items, Item{Kind: ItemMAC, Name: name, Text: b})
}

// Uint adds a number.
func (r *Record) Uint(name string, v uint64) {
	r.items = append(r.items, Item{Kind: ItemUint, Name: name, Number: v})
}

// Int adds a number that may be negative.
func (r *Record) Int(name string, v int64) {
	r.items = append(r.items, Item{Kind: ItemInt, Name: name, Number: uint64(v)})
}

// Base64 adds bytes from the wire that are no text.
func (r *Record) Base64(name string, b []byte) {
	r.items = append(r.items, Item{Kind: ItemBase64, Name: name, Text: b})
}

// Float adds a number with a fraction.
func (r *Record) Float(name string, v float64) {
	r.items = append(r.items, Item{Kind: ItemFloat, Name: name, Number: math.Float64bits(v)})
}

// Bool adds a truth value.
func (r *Record) Bool(name string, v bool) {
	item := Item{Kind: ItemBool, Name: name}
	if v {
		item.Number = 1
	}
	r.items = append(r.items, item)
}
