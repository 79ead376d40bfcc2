package modbus

import "strings"

// Functions (MODBUS Application Protocol 1.1b3 section 6, and those that
// PI-MBUS-300 reserves).
const (
	readCoils          = 1
	readDiscreteInputs = 2
	readHolding        = 3
	readInput          = 4
	writeCoil          = 5
	writeRegister      = 6
	readException      = 7
	diagnostics        = 8
	eventCounter       = 11
	eventLog           = 12
	writeCoils         = 15
	writeRegisters     = 16
	reportServerID     = 17
	readFile           = 20
	writeFile          = 21
	maskRegister       = 22
	readWrite          = 23
	readFIFO           = 24
	encapsulated       = 43
)

// exceptionBit of a function says that the response is an exception.
const exceptionBit = 0x80

// functionNames as Suricata logs them.
var functionNames = [44]string{
	1: "RdCoils", 2: "RdDiscreteInputs", 3: "RdHoldRegs", 4: "RdInputRegs", 5: "WrSingleCoil", 6: "WrSingleReg",
	7: "RdExcStatus", 8: "Diagnostic", 9: "Program484", 10: "Poll484", 11: "GetCommEventCtr", 12: "GetCommEventLog",
	13: "ProgramController", 14: "PollController", 15: "WrMultCoils", 16: "WrMultRegs", 17: "ReportServerID",
	18: "Program884", 19: "ResetCommLink", 20: "RdFileRec", 21: "WrFileRec", 22: "MaskWrReg", 23: "RdWrMultRegs",
	24: "RdFIFOQueue", 43: "MEI",
}

const unknownName = "Unknown"

// name returns an entry of a table of names.
func name(table []string, i int, other string) string {
	if i < len(table) && table[i] != "" {
		return table[i]
	}
	return other
}

func known(function uint8) bool {
	return int(function) < len(functionNames) && functionNames[function] != ""
}

// access says what a function does with which table.
type access uint8

// Bits of access.
const (
	read access = 1 << iota
	write
	discretes
	coils
	input
	holding
	single
	multiple

	tables    = discretes | coils | input | holding
	bitTables = discretes | coils
)

func accessOf(function uint8) access {
	switch function {
	case readCoils:
		return read | coils
	case readDiscreteInputs:
		return read | discretes
	case readHolding:
		return read | holding
	case readInput:
		return read | input
	case writeCoil:
		return write | single | coils
	case writeRegister:
		return write | single | holding
	case writeCoils:
		return write | multiple | coils
	case writeRegisters:
		return write | multiple | holding
	case maskRegister:
		return write | holding
	case readWrite:
		return read | write | multiple | holding
	}
	return 0
}

// category is how a function code is assigned (section 5).
type category uint8

// Bits of category.
const (
	publicAssigned category = 1 << iota
	publicUnassigned
	userDefined
	reserved
)

// categoryOf returns that of a function without a name.
func categoryOf(function uint8) category {
	switch {
	case function == 0 || function >= exceptionBit:
		return 0
	case function >= 9 && function <= 14, function == 41 || function == 42, function == 90 || function == 91, function >= 125:
		return reserved
	case function >= 65 && function <= 72, function >= 100 && function <= 110:
		return userDefined
	}
	return publicUnassigned
}

// fault is something wrong with a message.
type fault uint8

const (
	faultValue fault = 1 << iota
	faultLength
	faultException
	faultFunction
	faultProtocol
)

// combination is a name that stands for all of some bits.
type combination struct {
	bits uint8
	name string
}

// words makes the texts that records have for each set of bits: the names of
// all combinations in it, as Suricata logs them.
func words(names ...combination) (table [256]string) {
	for set := range table {
		var have []string
		for _, c := range names {
			if uint8(set)&c.bits == c.bits {
				have = append(have, c.name)
			}
		}
		table[set] = strings.Join(have, " | ")
		if have == nil {
			table[set] = "NONE"
		}
	}
	return table
}

var (
	accessWords = words(combination{uint8(read), "READ"}, combination{uint8(write), "WRITE"},
		combination{uint8(discretes), "DISCRETES"}, combination{uint8(coils), "COILS"}, combination{uint8(input), "INPUT"},
		combination{uint8(holding), "HOLDING"}, combination{uint8(single), "SINGLE"}, combination{uint8(multiple), "MULTIPLE"},
		combination{uint8(write | single), "WRITE_SINGLE"}, combination{uint8(write | multiple), "WRITE_MULTIPLE"})
	categoryWords = words(combination{uint8(publicAssigned), "PUBLIC_ASSIGNED"}, combination{uint8(publicUnassigned), "PUBLIC_UNASSIGNED"},
		combination{uint8(userDefined), "USER_DEFINED"}, combination{uint8(reserved), "RESERVED"})
	faultWords = words(combination{uint8(faultValue), "DATA_VALUE"}, combination{uint8(faultLength), "DATA_LENGTH"},
		combination{uint8(faultException), "EXC_CODE"}, combination{uint8(faultFunction), "FUNC_CODE"},
		combination{uint8(faultProtocol), "PROTO_ID"})
)

// exceptionNames are exception codes (section 7).
var exceptionNames = []string{
	1: "IllegalFunction", 2: "IllegalDataAddr", 3: "IllegalDataValue", 4: "ServerDeviceFail", 5: "Ack",
	6: "ServerDeviceBusy", 7: "NegAck", 8: "MemParityErr", 10: "GatewayPathUnavailable", 11: "GatewayTargetFailToResp",
}

// parityError is the exception that only functions on files may give.
const parityError = 8

// diagnosticNames are sub-functions of diagnostics (section 6.8).
var diagnosticNames = []string{
	0: "RetQueryData", 1: "RestartCommOpt", 2: "RetDiagReg", 3: "ChangeInputDelimiter", 4: "ForceListenOnlyMode",
	10: "ClearCtrDiagReg", 11: "RetBusMsgCount", 12: "RetBusCommErrCount", 13: "RetBusExcErrCount",
	14: "RetServerMsgCount", 15: "RetServerNoRespCount", 16: "RetServerNAKCount", 17: "RetServerBusyCount",
	18: "RetBusCharOverrunCount", 19: "RetOverrunErrCount", 20: "ClearOverrunCounterFlag", 21: "GetClearPlusStats",
}

// Sub-functions with data of their own form.
const (
	returnQuery    = 0
	restart        = 1
	inputDelimiter = 3
	listenOnly     = 4
)

const reservedName = "Reserved"

// transportNames are types of encapsulated transport (section 6.19).
var transportNames = []string{13: "CANOpenGenRefReqResp", 14: "RdDevId"}
