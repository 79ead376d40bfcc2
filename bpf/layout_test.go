//go:build linux && (amd64 || arm64)

package bpf

import (
	"reflect"
	"strings"
	"testing"
)

// TestRecordsAreTheKernels compares what is reinterpreted with what bpf2go made
// of the C, field by field.
func TestRecordsAreTheKernels(t *testing.T) {
	for _, c := range []struct{ ours, kernel any }{
		{FlowKey{}, accountFlowKey{}},
		{Count{}, accountCount{}},
		{lruCounts{}, accountLruFlowCounts{}},
	} {
		ours, kernel := reflect.TypeOf(c.ours), reflect.TypeOf(c.kernel)
		if ours.Size() != kernel.Size() {
			t.Errorf("%v has %d bytes, %v %d", ours, ours.Size(), kernel, kernel.Size())
		}
		compared := 0
		for i := range ours.NumField() {
			f := ours.Field(i)
			if f.Name == "_" {
				continue
			}
			k, ok := kernel.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, f.Name) })
			if !ok || k.Offset != f.Offset || k.Type.Size() != f.Type.Size() {
				t.Errorf("%v.%s is not where the kernel has it", ours, f.Name)
			}
			compared++
		}
		if compared == 0 {
			t.Errorf("nothing compared of %v", ours)
		}
	}
}

// TestNumbersAreTheKernels holds lists that both sides count by together.
func TestNumbersAreTheKernels(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, kernel int
	}{
		{"reasons", int(ReasonCount), int(accountReasonREASON_COUNT)},
		{"the last reason", int(ReasonTableBusy), int(accountReasonREASON_TABLE_BUSY)},
		{"the duplicate", int(ReasonDuplicate), int(accountReasonREASON_DUPLICATE)},
		{"a reason in the middle", int(ReasonIPv6ExtHeader), int(accountReasonREASON_IPV6EXT_HEADER)},
		{"egress", int(Egress), int(accountSideSIDE_EGRESS)},
		{"sides", len(Stats{}.Total), int(accountSideSIDE_COUNT)},
		{"verdicts", int(VerdictCount), int(accountFeedVerdictFEED_COUNT)},
		{"shed by sampling", int(VerdictShedSampled), int(accountFeedVerdictFEED_SHED_SAMPLED)},
		{"dropped", int(VerdictDropped), int(accountFeedVerdictFEED_DROPPED)},
		{"GTP-U", int(TunnelGTPU), int(accountTunnelKindTUNNEL_GTPU)},
	} {
		if c.ours != c.kernel {
			t.Errorf("%s: %d, in the kernel %d", c.name, c.ours, c.kernel)
		}
	}
	for r := range ReasonCount {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
	spec, err := loadAccount()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range spec.Programs {
		if len(name) > 15 {
			t.Errorf("program name %s is longer than the kernel keeps", name)
		}
		if p.License == "" {
			t.Errorf("program %s has no licence", name)
		}
	}
	for name, m := range spec.Maps {
		if !strings.HasPrefix(name, ".") && len(name) > 15 {
			t.Errorf("map name %s (%v) is longer than the kernel keeps", name, m.Type)
		}
	}
}
