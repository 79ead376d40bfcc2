package offload

import (
	"errors"
	"fmt"
)

// Feature is one of the device's features, by the name that ethtool -k prints
// for it alone.
type Feature string

// Features that matter to capture.
const (
	GRO         Feature = "rx-gro"                // generic receive offload: the kernel merges received segments
	GROHardware Feature = "rx-gro-hw"             // the device does
	GROList     Feature = "rx-gro-list"           // the kernel chains received datagrams
	UDPGRO      Feature = "rx-udp-gro-forwarding" // the kernel merges received UDP datagrams
	LRO         Feature = "rx-lro"                // large receive offload: the device merges, and loses headers
	VLAN        Feature = "rx-vlan-hw-parse"      // the device takes the VLAN tag out of the frame
	ServiceVLAN Feature = "rx-vlan-stag-hw-parse"
	TSO         Feature = "tx-tcp-segmentation" // the device cuts what is sent
	TSO6        Feature = "tx-tcp6-segmentation"
	UDPSegments Feature = "tx-udp-segmentation"
	GSO         Feature = "tx-generic-segmentation" // the kernel does, late
)

// rules are the features, in the order of Warnings.
var rules = [...]struct {
	feature Feature
	fix     bool // Fix switches it off
	warning string
}{
	{LRO, true, "received segments are merged by the device, which loses headers: frames are fewer and larger than on the wire"},
	{GROHardware, true, "received segments are merged by the device: frames are fewer and larger than on the wire"},
	{GRO, true, "received segments are merged by the kernel: frames are fewer and larger than on the wire"},
	{GROList, true, "received datagrams are chained by the kernel: frames are fewer and larger than on the wire"},
	{UDPGRO, true, "received datagrams are merged by the kernel: frames are fewer and larger than on the wire"},
	{TSO, false, "what this host sends over IPv4 is cut into segments by the device: those frames are seen before that, with unfinished checksums"},
	{TSO6, false, "what this host sends over IPv6 is cut into segments by the device: those frames are seen before that, with unfinished checksums"},
	{UDPSegments, false, "datagrams that this host sends in bulk are cut by the device: those frames are seen before that"},
	{GSO, false, "what this host sends is cut into segments late by the kernel: those frames are seen before that"},
}

// Setting is what a device says of one feature.
type Setting struct {
	On    bool
	Fixed bool // it cannot be changed
}

// State is what a device says of the features above that it knows.
type State struct {
	Interface string
	Features  map[Feature]Setting
}

// On reports whether the device has the feature switched on.
func (s *State) On(f Feature) bool { return s.Features[f].On }

// Merges reports whether the device or the kernel gives frames to capture that
// were several on the wire.
func (s *State) Merges() bool {
	for _, r := range rules {
		if r.fix && s.On(r.feature) {
			return true
		}
	}
	return false
}

// Warning is one thing that capture will not see as it is on the wire.
type Warning struct {
	Interface string
	Feature   Feature
	Received  bool // of what the device receives, not of what this host sends
	Fixable   bool // by Fix
	Text      string
}

// String returns the warning as a sentence.
func (w Warning) String() string {
	return fmt.Sprintf("%s: %s is on: %s", w.Interface, w.Feature, w.Text)
}

// Warnings returns what is wrong for capture, the worst first. Features that move
// the VLAN tag out of the frame are none: the sources of this project take it
// from where it is moved to.
func (s *State) Warnings() []Warning {
	var all []Warning
	for _, r := range rules {
		if set := s.Features[r.feature]; set.On {
			all = append(all, Warning{s.Interface, r.feature, r.fix, r.fix && !set.Fixed, r.warning})
		}
	}
	return all
}

// Errors of Read and Fix, besides those of the kernel: unix.EPERM without
// CAP_NET_ADMIN, unix.ENODEV without such an interface.
var (
	// ErrNotSupported is returned on systems that are not Linux, and for devices
	// that have no features to ask for.
	ErrNotSupported = errors.New("features of the device cannot be read")
	// ErrRefused is returned for a feature that the device left as it was.
	ErrRefused = errors.New("the device did not change the feature")
)

// Error is returned by Read, Fix and Undo.
type Error struct {
	Interface string
	Step      string // what was tried, in words
	Err       error
}

func (e *Error) Error() string {
	return fmt.Sprintf("offloads of %s: %s: %v", e.Interface, e.Step, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
