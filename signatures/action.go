package signatures

// Action is what a rule asks for. A passive sensor carries out none of them;
// it reports them.
type Action uint8

// Actions, in the order in which rules are inspected and alerts reported.
const (
	ActionPass   Action = iota + 1 // matches end inspection without an alert
	ActionDrop                     // a sensor in the path would drop the packet
	ActionReject                   // … and answer with a reset or ICMP
	ActionAlert
	ActionConfig // matches change how the sensor goes on with what matched, without an alert
)

// String returns the action's verb as rules write it.
func (a Action) String() string {
	switch a {
	case ActionPass:
		return "pass"
	case ActionDrop:
		return "drop"
	case ActionReject:
		return "reject"
	case ActionAlert:
		return "alert"
	case ActionConfig:
		return "config"
	}
	return "none"
}

// Verdict is alert.action as EVE writes it for a sensor that is not in the
// path: a reject is an answer that such a sensor could send, so it counts as
// blocked; a drop it cannot do is allowed.
func (a Action) Verdict() string {
	if a == ActionReject {
		return "blocked"
	}
	return "allowed"
}

// actions by the verb of a rule. Those that are missing belong to firewalls.
var actions = map[string]Action{
	"alert": ActionAlert, "config": ActionConfig, "pass": ActionPass, "drop": ActionDrop,
	"reject": ActionReject, "rejectsrc": ActionReject, "rejectdst": ActionReject, "rejectboth": ActionReject,
}

// ParseAction returns the action of a rule's verb.
func ParseAction(verb string) (Action, bool) {
	a, ok := actions[verb]
	return a, ok
}
