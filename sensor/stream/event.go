package stream

import "math/bits"

// Event is an oddity of a TCP session, named as the rule keyword stream-event
// names it.
type Event uint8

// Events of the handshake. A four-way handshake is the simultaneous open of
// RFC 9293 section 3.5, in which both sides send a SYN.
const (
	Event3whsAckInWrongDir Event = iota
	Event3whsAckDataInject
	Event3whsAsyncWrongSeq
	Event3whsRightSeqWrongAckEvasion
	Event3whsSynFlood
	Event3whsSynResendDiffSeqOnSynRecv
	Event3whsSynToclientOnSynRecv
	Event3whsSynackFlood
	Event3whsSynackInWrongDirection
	Event3whsSynackResendWithDifferentAck
	Event3whsSynackResendWithDiffSeq
	Event3whsSynackTfoDataIgnored
	Event3whsSynackToserverOnSynRecv
	Event3whsSynackWithWrongAck
	Event3whsWrongSeqWrongAck
	Event4whsInvalidAck
	Event4whsSynackWithWrongAck
	Event4whsSynackWithWrongSyn
	Event4whsWrongSeq

	// Events of an open session.
	EventEstAckZwpData
	EventEstInvalidAck
	EventEstPacketOutOfWindow
	EventEstPktBeforeLastAck
	EventEstSynResend
	EventEstSynResendDiffSeq
	EventEstSynToclient
	EventEstSynackResend
	EventEstSynackResendWithDifferentAck
	EventEstSynackResendWithDiffSeq
	EventEstSynackToserver

	// Events of closing.
	EventClosewaitAckOutOfWindow
	EventClosewaitFinOutOfWindow
	EventClosewaitInvalidAck
	EventClosewaitPktBeforeLastAck
	EventClosingAckWrongSeq
	EventClosingInvalidAck
	EventFin1AckWrongSeq
	EventFin1FinWrongSeq
	EventFin1InvalidAck
	EventFin2AckWrongSeq
	EventFin2FinWrongSeq
	EventFin2InvalidAck
	EventFinButNoSession
	EventFinInvalidAck
	EventFinOutOfWindow
	EventFinSyn
	EventLastackAckWrongSeq
	EventLastackInvalidAck
	EventRstButNoSession
	EventRstInvalidAck
	EventRstWithData
	EventShutdownSynResend
	EventSuspectedRstInject
	EventTimewaitAckWrongSeq
	EventTimewaitInvalidAck

	// Events of single packets.
	EventPktBadWindowUpdate
	EventPktBrokenAck
	EventPktInvalidAck
	EventPktInvalidTimestamp
	EventPktRetransmission
	EventPktSpuriousRetransmission
	EventWrongThread // never set here: a flow's packets all come to one worker

	// Events of reassembly.
	EventReassemblyDepthReached
	EventReassemblyInsertInvalid
	EventReassemblyInsertLimit
	EventReassemblyInsertMemcap
	EventReassemblyNoSegment
	EventReassemblyOverlapDifferentData
	EventReassemblySegmentBeforeBaseSeq
	EventReassemblySeqGap
	EventReassemblyUrgentOobLimitReached

	// EventCount is the number of events.
	EventCount
)

var eventNames = [EventCount]string{
	Event3whsAckInWrongDir:                "3whs_ack_in_wrong_dir",
	Event3whsAckDataInject:                "3whs_ack_data_inject",
	Event3whsAsyncWrongSeq:                "3whs_async_wrong_seq",
	Event3whsRightSeqWrongAckEvasion:      "3whs_right_seq_wrong_ack_evasion",
	Event3whsSynFlood:                     "3whs_syn_flood",
	Event3whsSynResendDiffSeqOnSynRecv:    "3whs_syn_resend_diff_seq_on_syn_recv",
	Event3whsSynToclientOnSynRecv:         "3whs_syn_toclient_on_syn_recv",
	Event3whsSynackFlood:                  "3whs_synack_flood",
	Event3whsSynackInWrongDirection:       "3whs_synack_in_wrong_direction",
	Event3whsSynackResendWithDifferentAck: "3whs_synack_resend_with_different_ack",
	Event3whsSynackResendWithDiffSeq:      "3whs_synack_resend_with_diff_seq",
	Event3whsSynackTfoDataIgnored:         "3whs_synack_tfo_data_ignored",
	Event3whsSynackToserverOnSynRecv:      "3whs_synack_toserver_on_syn_recv",
	Event3whsSynackWithWrongAck:           "3whs_synack_with_wrong_ack",
	Event3whsWrongSeqWrongAck:             "3whs_wrong_seq_wrong_ack",
	Event4whsInvalidAck:                   "4whs_invalid_ack",
	Event4whsSynackWithWrongAck:           "4whs_synack_with_wrong_ack",
	Event4whsSynackWithWrongSyn:           "4whs_synack_with_wrong_syn",
	Event4whsWrongSeq:                     "4whs_wrong_seq",
	EventEstAckZwpData:                    "est_ack_zwp_data",
	EventEstInvalidAck:                    "est_invalid_ack",
	EventEstPacketOutOfWindow:             "est_packet_out_of_window",
	EventEstPktBeforeLastAck:              "est_pkt_before_last_ack",
	EventEstSynResend:                     "est_syn_resend",
	EventEstSynResendDiffSeq:              "est_syn_resend_diff_seq",
	EventEstSynToclient:                   "est_syn_toclient",
	EventEstSynackResend:                  "est_synack_resend",
	EventEstSynackResendWithDifferentAck:  "est_synack_resend_with_different_ack",
	EventEstSynackResendWithDiffSeq:       "est_synack_resend_with_diff_seq",
	EventEstSynackToserver:                "est_synack_toserver",
	EventClosewaitAckOutOfWindow:          "closewait_ack_out_of_window",
	EventClosewaitFinOutOfWindow:          "closewait_fin_out_of_window",
	EventClosewaitInvalidAck:              "closewait_invalid_ack",
	EventClosewaitPktBeforeLastAck:        "closewait_pkt_before_last_ack",
	EventClosingAckWrongSeq:               "closing_ack_wrong_seq",
	EventClosingInvalidAck:                "closing_invalid_ack",
	EventFin1AckWrongSeq:                  "fin1_ack_wrong_seq",
	EventFin1FinWrongSeq:                  "fin1_fin_wrong_seq",
	EventFin1InvalidAck:                   "fin1_invalid_ack",
	EventFin2AckWrongSeq:                  "fin2_ack_wrong_seq",
	EventFin2FinWrongSeq:                  "fin2_fin_wrong_seq",
	EventFin2InvalidAck:                   "fin2_invalid_ack",
	EventFinButNoSession:                  "fin_but_no_session",
	EventFinInvalidAck:                    "fin_invalid_ack",
	EventFinOutOfWindow:                   "fin_out_of_window",
	EventFinSyn:                           "fin_syn",
	EventLastackAckWrongSeq:               "lastack_ack_wrong_seq",
	EventLastackInvalidAck:                "lastack_invalid_ack",
	EventRstButNoSession:                  "rst_but_no_session",
	EventRstInvalidAck:                    "rst_invalid_ack",
	EventRstWithData:                      "rst_with_data",
	EventShutdownSynResend:                "shutdown_syn_resend",
	EventSuspectedRstInject:               "suspected_rst_inject",
	EventTimewaitAckWrongSeq:              "timewait_ack_wrong_seq",
	EventTimewaitInvalidAck:               "timewait_invalid_ack",
	EventPktBadWindowUpdate:               "pkt_bad_window_update",
	EventPktBrokenAck:                     "pkt_broken_ack",
	EventPktInvalidAck:                    "pkt_invalid_ack",
	EventPktInvalidTimestamp:              "pkt_invalid_timestamp",
	EventPktRetransmission:                "pkt_retransmission",
	EventPktSpuriousRetransmission:        "pkt_spurious_retransmission",
	EventWrongThread:                      "wrong_thread",
	EventReassemblyDepthReached:           "reassembly_depth_reached",
	EventReassemblyInsertInvalid:          "reassembly_insert_invalid",
	EventReassemblyInsertLimit:            "reassembly_insert_limit",
	EventReassemblyInsertMemcap:           "reassembly_insert_memcap",
	EventReassemblyNoSegment:              "reassembly_no_segment",
	EventReassemblyOverlapDifferentData:   "reassembly_overlap_different_data",
	EventReassemblySegmentBeforeBaseSeq:   "reassembly_segment_before_base_seq",
	EventReassemblySeqGap:                 "reassembly_seq_gap",
	EventReassemblyUrgentOobLimitReached:  "reassembly_urgent_oob_limit_reached",
}

// String returns the name as rules write it behind stream-event.
func (e Event) String() string {
	if e >= EventCount {
		return "invalid_event"
	}
	return eventNames[e]
}

// EventByName finds the event that a rule names, as in
// stream-event:est_packet_out_of_window. It walks the list: for loading rules,
// not for packets.
func EventByName(name string) (Event, bool) {
	switch name {
	case "3whs_synack_resend_with_diff_ack": // second names that rules use
		return Event3whsSynackResendWithDifferentAck, true
	case "est_synack_resend_with_diff_ack":
		return EventEstSynackResendWithDifferentAck, true
	}
	for e, n := range eventNames {
		if n == name {
			return Event(e), true
		}
	}
	return 0, false
}

// EventSet is a set of Events.
type EventSet [2]uint64

// Add puts e into the set.
func (s *EventSet) Add(e Event) { s[e>>6] |= 1 << (e & 63) }

// Has reports whether e is in the set.
func (s *EventSet) Has(e Event) bool { return s[e>>6]&(1<<(e&63)) != 0 }

// Empty reports whether nothing odd was seen.
func (s *EventSet) Empty() bool { return s[0]|s[1] == 0 }

// Append appends the events of the set to dst in ascending order.
func (s *EventSet) Append(dst []Event) []Event {
	for w, v := range s {
		for ; v != 0; v &= v - 1 {
			dst = append(dst, Event(w<<6+bits.TrailingZeros64(v)))
		}
	}
	return dst
}
