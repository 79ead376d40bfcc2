package modbus

import "spanwatch/decoders/app"

// fields are what rules can look at: requests, by one keyword.
var fields = []app.Field{{Name: "modbus", Dirs: app.ToServer, Condition: parseCondition, Syntax: syntax}}

// Buffer finds nothing.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
