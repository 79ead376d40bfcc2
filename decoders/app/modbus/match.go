package modbus

// answers reports whether m and other are the two sides of one exchange. When
// they are and disagree about what was read or written, m gets faultValue.
func (m *message) answers(other *message) bool {
	if m.transaction != other.transaction || m.unit != other.unit || m.function != other.function {
		return false
	}
	if m.category != publicAssigned || m.form == formException || other.form == formException {
		return true
	}
	if m.form == formBytes || other.form == formBytes {
		return m.form == other.form ||
			m.form == formBytes && m.faults&faultLength != 0 || other.form == formBytes && other.faults&faultLength != 0
	}
	asked, got := other, m
	if m.form == formReadRequest || m.form == formReadWrite || m.form == formWriteMultiple {
		asked, got = m, other
	}
	switch got.form {
	case formReadResponse:
		if asked.form != formReadRequest && asked.form != formReadWrite {
			return false
		}
		bytes := 2 * int(asked.quantity)
		if m.access&bitTables != 0 {
			bytes = (int(asked.quantity) + 7) / 8
		}
		m.valueIs(len(got.data) == bytes)
	case formWrite:
		if asked.form != formWrite && asked.form != formWriteMultiple {
			return false
		}
		m.valueIs(got.writeAddress == asked.writeAddress && got.writeQuantity == asked.writeQuantity)
	case formMask:
		if asked.form != formMask {
			return false
		}
		m.valueIs(got.writeAddress == asked.writeAddress && got.and == asked.and && got.or == asked.or)
	case formDiagnostic, formTransport:
		return asked.form == got.form && asked.code == got.code
	default:
		return false
	}
	return true
}

// addresses are the first and last address that a request is about, counted
// from 1 as the tables are (section 4.4); ok is false without any.
func (m *message) addresses() (first, last uint16, ok bool) {
	address, quantity := m.address, m.quantity
	switch m.form {
	case formReadRequest:
	case formWriteMultiple, formReadWrite:
		address, quantity = m.writeAddress, m.writeQuantity
	case formWrite, formMask:
		address, quantity = m.writeAddress, 1
	default:
		return 0, 0, false
	}
	if quantity == 0 || int(address)+int(quantity) > 1<<16-1 {
		return 0, 0, false
	}
	return address + 1, address + quantity, true
}

// written returns the value that a request writes at an address counted from
// 1.
func (m *message) written(address int) (value uint16, ok bool) {
	first, last, ok := m.addresses()
	if !ok || address < int(first) || address > int(last) {
		return 0, false
	}
	n := address - int(first)
	switch {
	case m.form == formWrite && m.access&coils != 0:
		if m.writeQuantity != 0 {
			value = 1
		}
		return value, true
	case m.form == formWrite:
		return m.writeQuantity, true
	case m.form != formWriteMultiple && m.form != formReadWrite:
		return 0, false
	case m.access&coils != 0:
		if n/8 >= len(m.data) {
			return 0, false
		}
		return uint16(m.data[n/8] >> (n % 8) & 1), true
	case 2*n+1 >= len(m.data):
		return 0, false
	}
	return uint16(m.data[2*n])<<8 | uint16(m.data[2*n+1]), true
}
