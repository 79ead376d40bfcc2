package dnp3

import (
	"fmt"
	"strconv"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffers that rules can look at.
const bufferData = app.FirstField + app.Buffer(app.ProtoDNP3)*app.FieldsPerProtocol

// fields are the keywords for them.
var fields = []app.Field{
	{Name: "dnp3.data", Aliases: []string{"dnp3_data"}, Buffer: bufferData, Dirs: app.Both, Stage: 1},
	{Name: "dnp3_func", Aliases: []string{"dnp3.func"}, Dirs: app.Both, Condition: parseFunction, Syntax: "N|name"},
	{Name: "dnp3_ind", Aliases: []string{"dnp3.ind"}, Dirs: app.ToClient, Condition: parseIndications, Syntax: "N|name[,name]..."},
	{Name: "dnp3_obj", Aliases: []string{"dnp3.obj"}, Dirs: app.Both, Condition: parseObjectCondition, Syntax: "group,variation"},
}

// functionNames are functions of the application layer (section 4.2.2.5), as
// rules name them.
var functionNames = map[string]uint8{
	"confirm": 0, "read": 1, "write": 2, "select": 3, "operate": 4, "direct_operate": 5, "direct_operate_nr": 6,
	"immed_freeze": 7, "immed_freeze_nr": 8, "freeze_clear": 9, "freeze_clear_nr": 10, "freeze_at_time": 11,
	"freeze_at_time_nr": 12, "cold_restart": 13, "warm_restart": 14, "initialize_data": 15, "initialize_appl": 16,
	"start_appl": 17, "stop_appl": 18, "save_config": 19, "enable_unsolicited": 20, "disable_unsolicited": 21,
	"assign_class": 22, "delay_measure": 23, "record_current_time": 24, "open_file": 25, "close_file": 26,
	"delete_file": 27, "get_file_info": 28, "authenticate_file": 29, "abort_file": 30, "activate_config": 31,
	"authenticate_req": 32, "authenticate_err": 33, "response": 129, "unsolicited_response": unsolicited,
	"authenticate_resp": 131,
}

const unsolicited = 130

// indicationNames are internal indications from the highest bit down (section
// 4.2.2.6).
var indicationNames = [16]string{
	"device_restart", "device_trouble", "local_control", "need_time",
	"class_3_events", "class_2_events", "class_1_events", "all_stations",
	"reserved_1", "reserved_2", "config_corrupt", "already_executing",
	"event_buffer_overflow", "parameter_error", "object_unknown", "no_func_code_support",
}

type functionCondition uint8

// Match compares the function of a fragment, also one that is not whole yet.
func (c functionCondition) Match(tx app.Tx, _ decoders.Direction) bool {
	t, ok := tx.(*Tx)
	return ok && len(t.data) > 0 && t.function() == uint8(c)
}

func parseFunction(value string) (app.Condition, error) {
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseUint(value, 10, 8); err == nil {
		return functionCondition(n), nil
	}
	if n, ok := functionNames[strings.ToLower(value)]; ok {
		return functionCondition(n), nil
	}
	return nil, fmt.Errorf("DNP3 has no function %q", value)
}

type indicationCondition uint16

// Match reports whether a response has any of the indications.
func (c indicationCondition) Match(tx app.Tx, _ decoders.Direction) bool {
	t, ok := tx.(*Tx)
	return ok && len(t.data) > 0 && t.dir == decoders.ToClient && t.indications()&uint16(c) != 0
}

func parseIndications(value string) (app.Condition, error) {
	if n, err := strconv.ParseUint(strings.TrimSpace(value), 0, 16); err == nil {
		return indicationCondition(n), nil
	}
	var c indicationCondition
	for name := range strings.SplitSeq(value, ",") {
		bit := -1
		for i, known := range indicationNames {
			if strings.EqualFold(strings.TrimSpace(name), known) {
				bit = i
			}
		}
		if bit < 0 {
			return nil, fmt.Errorf("DNP3 has no indication %q", name)
		}
		c |= 0x8000 >> bit
	}
	return c, nil
}

type objectCondition struct{ group, variation uint8 }

// Match reports whether a fragment has such an object.
func (c objectCondition) Match(tx app.Tx, _ decoders.Direction) bool {
	t, ok := tx.(*Tx)
	if !ok {
		return false
	}
	for i := range t.objects {
		if t.objects[i].group == c.group && t.objects[i].variation == c.variation {
			return true
		}
	}
	return false
}

func parseObjectCondition(value string) (app.Condition, error) {
	group, variation, _ := strings.Cut(value, ",")
	g, err := strconv.ParseUint(strings.TrimSpace(group), 0, 8)
	if err != nil {
		return nil, fmt.Errorf("bad group %q: 0 to 255", group)
	}
	v, err := strconv.ParseUint(strings.TrimSpace(variation), 0, 8)
	if err != nil {
		return nil, fmt.Errorf("bad variation %q: 0 to 255", variation)
	}
	return objectCondition{uint8(g), uint8(v)}, nil
}

// Buffer returns the fragment, as far as it has come.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if b != bufferData || i > 0 || len(t.data) == 0 {
		return nil, false
	}
	return t.data, true
}

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
