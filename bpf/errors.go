package bpf

import (
	"errors"
	"fmt"
	"strings"
)

// What can go wrong, for errors.Is. Load and Probe wrap them with detail.
var (
	// ErrNotSupported: this kernel, architecture or device lacks something;
	// see NotSupportedError.
	ErrNotSupported = errors.New("not supported")
	// ErrBusy: somebody else has the place; see BusyError.
	ErrBusy = errors.New("device is busy")
	// ErrPermission: a capability is missing; see PermissionError.
	ErrPermission = errors.New("permission denied")
	// ErrNoDevice: no interface of that name in this network namespace.
	ErrNoDevice = errors.New("no such device")
	// ErrDetached: the interface was removed, or somebody detached the
	// programs; what was counted can still be read.
	ErrDetached = errors.New("no longer attached")
	// ErrClosed: after Close.
	ErrClosed = errors.New("programs are closed")
	// ErrDrop: frames of the device may not be dropped; see Config.Drop.
	ErrDrop = errors.New("frames must not be dropped")
	// ErrInUse: this host uses what the device receives; see InUse.
	ErrInUse = errors.New("the interface is in use")
	// ErrShuntFull: Config.ShuntFlows flows are shunted already.
	ErrShuntFull = errors.New("table of shunted flows is full")
)

// NotSupportedError says what is missing and since when Linux has it.
type NotSupportedError struct {
	Feature    string
	MinVersion string // of Linux; empty if no version helps
	Err        error  // what the kernel said; may be nil
}

func (e *NotSupportedError) Error() string {
	s := e.Feature + ": not supported"
	if e.MinVersion != "" {
		s += ", needs Linux " + e.MinVersion
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is makes every NotSupportedError an ErrNotSupported.
func (e *NotSupportedError) Is(target error) bool { return target == ErrNotSupported }

func (e *NotSupportedError) Unwrap() error { return e.Err }

// BusyError says who has the place.
type BusyError struct {
	Device string
	// Instance: another process accounts for this device with this package.
	Instance bool
	Hook     Hook   // valid iff not Instance
	Program  uint32 // id of the program in the way; 0 if not known
}

func (e *BusyError) Error() string {
	if e.Instance {
		return fmt.Sprintf("%s: another instance counts this device already", e.Device)
	}
	return fmt.Sprintf("%s: %v has another program (id %d)", e.Device, e.Hook, e.Program)
}

// Is makes every BusyError an ErrBusy.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// PermissionError names the capabilities that are missing.
type PermissionError struct {
	Missing []string // as "CAP_BPF"
	Err     error    // what the kernel said; may be nil
}

func (e *PermissionError) Error() string {
	s := "permission denied"
	if len(e.Missing) > 0 {
		s += ", missing " + strings.Join(e.Missing, ", ")
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is makes every PermissionError an ErrPermission.
func (e *PermissionError) Is(target error) bool { return target == ErrPermission }

func (e *PermissionError) Unwrap() error { return e.Err }
