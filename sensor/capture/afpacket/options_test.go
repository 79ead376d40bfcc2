package afpacket

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/net/bpf"
)

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Interfaces: []string{"eth0"}}
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   error
	}{
		{"the_zero_value_but_for_the_interface_is_good", func(*Options) {}, nil},
		{"every_bound_may_be_met", func(o *Options) {
			o.Workers, o.BlockBytes, o.RingBytes, o.BlockTimeout = maxWorkers, minBlockBytes, minBlocks*minBlockBytes, time.Millisecond
		}, nil},
		{"no_interface", func(o *Options) { o.Interfaces = nil }, ErrNoInterface},
		{"an_interface_twice", func(o *Options) { o.Interfaces = []string{"a", "b", "a"} }, ErrOption},
		{"workers_below_one", func(o *Options) { o.Workers = -1 }, ErrOption},
		{"more_workers_than_a_group_has_members", func(o *Options) { o.Workers = 257 }, ErrOption},
		{"a_fanout_that_is_none", func(o *Options) { o.Fanout = fanoutCount }, ErrOption},
		{"a_fanout_program_that_is_not_given", func(o *Options) { o.Workers, o.Fanout = 2, FanoutProgram }, ErrOption},
		{"a_block_that_has_no_room_for_a_merged_frame", func(o *Options) { o.BlockBytes = 64 << 10 }, ErrOption},
		{"a_block_that_is_no_power_of_two", func(o *Options) { o.BlockBytes = 3 << 18 }, ErrOption},
		{"a_ring_of_too_few_blocks", func(o *Options) { o.RingBytes = 3 << 20 }, ErrOption},
		{"a_timeout_below_the_kernel's_unit", func(o *Options) { o.BlockTimeout = time.Microsecond }, ErrOption},
		{"an_expression_and_a_program", func(o *Options) { o.Filter, o.Program = "udp", []bpf.RawInstruction{{}} }, ErrTwoFilters},
		{"an_expression_and_an_eBPF_program", func(o *Options) { o.Filter, o.FilterProgram = "udp", 3 }, ErrTwoFilters},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := good
			tt.change(&o)
			if _, err := o.withDefaults(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAllFaultsOfOptionsAreToldAtOnce(t *testing.T) {
	_, err := Options{Workers: -1, BlockBytes: 5}.withDefaults()
	for _, want := range []error{ErrNoInterface, ErrOption} {
		if !errors.Is(err, want) {
			t.Errorf("%v is missing in %v", want, err)
		}
	}
}
