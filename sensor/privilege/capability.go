package privilege

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Capability is a bit number of capabilities(7).
type Capability uint8

// Capabilities that a sensor may need.
const (
	SetPCap  Capability = 8
	NetAdmin Capability = 12
	NetRaw   Capability = 13
	SysAdmin Capability = 21
	Perfmon  Capability = 38
	BPF      Capability = 39
)

// String returns the name as in capabilities(7).
func (c Capability) String() string {
	switch c {
	case SetPCap:
		return "CAP_SETPCAP"
	case NetAdmin:
		return "CAP_NET_ADMIN"
	case NetRaw:
		return "CAP_NET_RAW"
	case SysAdmin:
		return "CAP_SYS_ADMIN"
	case Perfmon:
		return "CAP_PERFMON"
	case BPF:
		return "CAP_BPF"
	}
	return "capability " + strconv.Itoa(int(c))
}

// Set is a set of capabilities.
type Set uint64

// SetOf makes a set.
func SetOf(all ...Capability) (s Set) {
	for _, c := range all {
		s |= 1 << c
	}
	return s
}

// Has reports whether c is in the set.
func (s Set) Has(c Capability) bool { return s&(1<<c) != 0 }

// String returns the names, separated by commas, or "none".
func (s Set) String() string {
	if s == 0 {
		return "none"
	}
	var names []string
	for ; s != 0; s &= s - 1 {
		names = append(names, Capability(bits.TrailingZeros64(uint64(s))).String())
	}
	return strings.Join(names, ",")
}

// Need is a capability and what for.
type Need struct {
	Capability Capability
	For        string // "open packet sockets": completes "to …"
	// Instead are capabilities that do as well: CAP_SYS_ADMIN on kernels before 5.8,
	// which have no CAP_BPF.
	Instead Set
}

// met reports whether the set meets the need.
func (n *Need) met(s Set) bool { return s.Has(n.Capability) || s&n.Instead != 0 }

// ErrMissing is what a MissingError is, for errors.Is.
var ErrMissing = errors.New("missing capabilities")

// MissingError is returned by Require.
type MissingError struct {
	Missing    []Need
	All        Set    // of all needs, for the commands
	Executable string // path of the program
}

// Error names what is missing, in one line.
func (e *MissingError) Error() string {
	var parts []string
	for _, n := range e.Missing {
		parts = append(parts, fmt.Sprintf("%s (to %s)", n.Capability, n.For))
	}
	return "missing " + strings.Join(parts, ", ")
}

// Unwrap returns ErrMissing.
func (e *MissingError) Unwrap() error { return ErrMissing }

// Help returns lines that say how to give what is missing.
func (e *MissingError) Help() string {
	names := strings.ToLower(e.All.String())
	return fmt.Sprintf(`Run as root, or give the program its capabilities:
  sudo setcap %s+ep %s
or in a systemd unit:
  AmbientCapabilities=%s
  CapabilityBoundingSet=%s
`, names, quote(e.Executable), strings.ReplaceAll(e.All.String(), ",", " "), strings.ReplaceAll(e.All.String(), ",", " "))
}

// quote makes a path fit for a shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// Require returns a *MissingError unless the process holds, effectively, all
// that is needed.
func Require(needs ...Need) error {
	held, err := Held()
	if err != nil {
		return err
	}
	return require(held, needs)
}

func require(held Set, needs []Need) error {
	e := &MissingError{Executable: executable()}
	for _, n := range needs {
		e.All |= SetOf(n.Capability)
		if !n.met(held) {
			e.Missing = append(e.Missing, n)
		}
	}
	if len(e.Missing) == 0 {
		return nil
	}
	return e
}
