package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"spanwatch/sensor/capture/offload"
	"spanwatch/sensor/config"
)

// fixOffloads switches off what merges received frames, if the configuration asks
// for it, and says what is left that capture does not see as it is on the wire.
// The function that it returns switches on again what it has switched off.
func fixOffloads(cfg *config.Config, quiet bool, w io.Writer) (undo func() error, err error) {
	var undos []func() error
	undo = func() error {
		var faults []error
		for _, u := range slices.Backward(undos) {
			faults = append(faults, u())
		}
		return errors.Join(faults...)
	}
	for _, name := range cfg.Capture.Interfaces {
		if cfg.Capture.FixOffloads {
			u, err := offload.Fix(name, unseenOffloads(cfg)...)
			undos = append(undos, u.Undo)
			if err != nil {
				return undo, errors.Join(err, undo())
			}
			if changed := u.Changed(); len(changed) > 0 && !quiet {
				fmt.Fprintf(w, "%s: switched off until the end: %v\n", name, changed)
			}
		}
		state, err := offload.Read(name)
		if err != nil {
			if !errors.Is(err, offload.ErrNotSupported) && !quiet {
				fmt.Fprintln(w, "spanwatch:", err)
			}
			continue
		}
		warnOffloads(state, cfg.Capture.FixOffloads, quiet, w)
		for _, feature := range unseenOffloads(cfg) {
			if state.On(feature) && !quiet {
				fmt.Fprintf(w, "warning: %s: %s is on: VLAN tags that the device takes out of frames are seen by nobody (--fix-offloads switches it off)\n", name, feature)
			}
		}
	}
	return undo, nil
}

// unseenOffloads are features whose result the way of capture cannot see: a tag
// that the device took out is beside the frame, where no XDP program looks.
func unseenOffloads(cfg *config.Config) []offload.Feature {
	if cfg.Capture.Method != methodAFXDP {
		return nil
	}
	return []offload.Feature{offload.VLAN, offload.ServiceVLAN}
}

// warnOffloads tells of what merges received frames. Cutting of what this host
// sends is of no interest on a capture port.
func warnOffloads(state *offload.State, fixed, quiet bool, w io.Writer) {
	if quiet || !state.Merges() {
		return
	}
	for _, warning := range state.Warnings() {
		if !warning.Received {
			continue
		}
		hint := ""
		if warning.Fixable && !fixed {
			hint = " (--fix-offloads switches it off)"
		}
		fmt.Fprintf(w, "warning: %v%s\n", warning, hint)
	}
}
