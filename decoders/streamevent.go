package decoders

import "math/bits"

// StreamEvent is an oddity of a TCP session, named as the rule keyword
// stream-event names it. Reassembly sets them and detection reads them; the
// two do not know each other, so the names are here.
type StreamEvent uint8

// Events of the handshake. A four-way handshake is the simultaneous open of
// RFC 9293 section 3.5, in which both sides send a SYN.
const (
	StreamEvent3whsAckInWrongDir StreamEvent = iota
	StreamEvent3whsAckDataInject
	StreamEvent3whsAsyncWrongSeq
	StreamEvent3whsRightSeqWrongAckEvasion
	StreamEvent3whsSynFlood
	StreamEvent3whsSynResendDiffSeqOnSynRecv
	StreamEvent3whsSynToclientOnSynRecv
	StreamEvent3whsSynackFlood
	StreamEvent3whsSynackInWrongDirection
	StreamEvent3whsSynackResendWithDifferentAck
	StreamEvent3whsSynackResendWithDiffSeq
	StreamEvent3whsSynackTfoDataIgnored
	StreamEvent3whsSynackToserverOnSynRecv
	StreamEvent3whsSynackWithWrongAck
	StreamEvent3whsWrongSeqWrongAck
	StreamEvent4whsInvalidAck
	StreamEvent4whsSynackWithWrongAck
	StreamEvent4whsSynackWithWrongSyn
	StreamEvent4whsWrongSeq

	// Events of an open session.
	StreamEventEstAckZwpData
	StreamEventEstInvalidAck
	StreamEventEstPacketOutOfWindow
	StreamEventEstPktBeforeLastAck
	StreamEventEstSynResend
	StreamEventEstSynResendDiffSeq
	StreamEventEstSynToclient
	StreamEventEstSynackResend
	StreamEventEstSynackResendWithDifferentAck
	StreamEventEstSynackResendWithDiffSeq
	StreamEventEstSynackToserver

	// Events of closing.
	StreamEventClosewaitAckOutOfWindow
	StreamEventClosewaitFinOutOfWindow
	StreamEventClosewaitInvalidAck
	StreamEventClosewaitPktBeforeLastAck
	StreamEventClosingAckWrongSeq
	StreamEventClosingInvalidAck
	StreamEventFin1AckWrongSeq
	StreamEventFin1FinWrongSeq
	StreamEventFin1InvalidAck
	StreamEventFin2AckWrongSeq
	StreamEventFin2FinWrongSeq
	StreamEventFin2InvalidAck
	StreamEventFinButNoSession
	StreamEventFinInvalidAck
	StreamEventFinOutOfWindow
	StreamEventFinSyn
	StreamEventLastackAckWrongSeq
	StreamEventLastackInvalidAck
	StreamEventRstButNoSession
	StreamEventRstInvalidAck
	StreamEventRstWithData
	StreamEventShutdownSynResend
	StreamEventSuspectedRstInject
	StreamEventTimewaitAckWrongSeq
	StreamEventTimewaitInvalidAck

	// Events of single packets.
	StreamEventPktBadWindowUpdate
	StreamEventPktBrokenAck
	StreamEventPktInvalidAck
	StreamEventPktInvalidTimestamp
	StreamEventPktRetransmission
	StreamEventPktSpuriousRetransmission
	StreamEventWrongThread // never set here: a flow's packets all come to one worker

	// Events of reassembly.
	StreamEventReassemblyDepthReached
	StreamEventReassemblyInsertInvalid
	StreamEventReassemblyInsertLimit
	StreamEventReassemblyInsertMemcap
	StreamEventReassemblyNoSegment
	StreamEventReassemblyOverlapDifferentData
	StreamEventReassemblySegmentBeforeBaseSeq
	StreamEventReassemblySeqGap
	StreamEventReassemblyUrgentOobLimitReached

	// StreamEventCount is the number of events.
	StreamEventCount
)

var streamEventNames = [StreamEventCount]string{
	StreamEvent3whsAckInWrongDir:                "3whs_ack_in_wrong_dir",
	StreamEvent3whsAckDataInject:                "3whs_ack_data_inject",
	StreamEvent3whsAsyncWrongSeq:                "3whs_async_wrong_seq",
	StreamEvent3whsRightSeqWrongAckEvasion:      "3whs_right_seq_wrong_ack_evasion",
	StreamEvent3whsSynFlood:                     "3whs_syn_flood",
	StreamEvent3whsSynResendDiffSeqOnSynRecv:    "3whs_syn_resend_diff_seq_on_syn_recv",
	StreamEvent3whsSynToclientOnSynRecv:         "3whs_syn_toclient_on_syn_recv",
	StreamEvent3whsSynackFlood:                  "3whs_synack_flood",
	StreamEvent3whsSynackInWrongDirection:       "3whs_synack_in_wrong_direction",
	StreamEvent3whsSynackResendWithDifferentAck: "3whs_synack_resend_with_diff_ack",
	StreamEvent3whsSynackResendWithDiffSeq:      "3whs_synack_resend_with_diff_seq",
	StreamEvent3whsSynackTfoDataIgnored:         "3whs_synack_tfo_data_ignored",
	StreamEvent3whsSynackToserverOnSynRecv:      "3whs_synack_toserver_on_syn_recv",
	StreamEvent3whsSynackWithWrongAck:           "3whs_synack_with_wrong_ack",
	StreamEvent3whsWrongSeqWrongAck:             "3whs_wrong_seq_wrong_ack",
	StreamEvent4whsInvalidAck:                   "4whs_invalid_ack",
	StreamEvent4whsSynackWithWrongAck:           "4whs_synack_with_wrong_ack",
	StreamEvent4whsSynackWithWrongSyn:           "4whs_synack_with_wrong_syn",
	StreamEvent4whsWrongSeq:                     "4whs_wrong_seq",
	StreamEventEstAckZwpData:                    "est_ack_zwp_data",
	StreamEventEstInvalidAck:                    "est_invalid_ack",
	StreamEventEstPacketOutOfWindow:             "est_packet_out_of_window",
	StreamEventEstPktBeforeLastAck:              "est_pkt_before_last_ack",
	StreamEventEstSynResend:                     "est_syn_resend",
	StreamEventEstSynResendDiffSeq:              "est_syn_resend_diff_seq",
	StreamEventEstSynToclient:                   "est_syn_toclient",
	StreamEventEstSynackResend:                  "est_synack_resend",
	StreamEventEstSynackResendWithDifferentAck:  "est_synack_resend_with_diff_ack",
	StreamEventEstSynackResendWithDiffSeq:       "est_synack_resend_with_diff_seq",
	StreamEventEstSynackToserver:                "est_synack_toserver",
	StreamEventClosewaitAckOutOfWindow:          "closewait_ack_out_of_window",
	StreamEventClosewaitFinOutOfWindow:          "closewait_fin_out_of_window",
	StreamEventClosewaitInvalidAck:              "closewait_invalid_ack",
	StreamEventClosewaitPktBeforeLastAck:        "closewait_pkt_before_last_ack",
	StreamEventClosingAckWrongSeq:               "closing_ack_wrong_seq",
	StreamEventClosingInvalidAck:                "closing_invalid_ack",
	StreamEventFin1AckWrongSeq:                  "fin1_ack_wrong_seq",
	StreamEventFin1FinWrongSeq:                  "fin1_fin_wrong_seq",
	StreamEventFin1InvalidAck:                   "fin1_invalid_ack",
	StreamEventFin2AckWrongSeq:                  "fin2_ack_wrong_seq",
	StreamEventFin2FinWrongSeq:                  "fin2_fin_wrong_seq",
	StreamEventFin2InvalidAck:                   "fin2_invalid_ack",
	StreamEventFinButNoSession:                  "fin_but_no_session",
	StreamEventFinInvalidAck:                    "fin_invalid_ack",
	StreamEventFinOutOfWindow:                   "fin_out_of_window",
	StreamEventFinSyn:                           "fin_syn",
	StreamEventLastackAckWrongSeq:               "lastack_ack_wrong_seq",
	StreamEventLastackInvalidAck:                "lastack_invalid_ack",
	StreamEventRstButNoSession:                  "rst_but_no_session",
	StreamEventRstInvalidAck:                    "rst_invalid_ack",
	StreamEventRstWithData:                      "rst_with_data",
	StreamEventShutdownSynResend:                "shutdown_syn_resend",
	StreamEventSuspectedRstInject:               "suspected_rst_inject",
	StreamEventTimewaitAckWrongSeq:              "timewait_ack_wrong_seq",
	StreamEventTimewaitInvalidAck:               "timewait_invalid_ack",
	StreamEventPktBadWindowUpdate:               "pkt_bad_window_update",
	StreamEventPktBrokenAck:                     "pkt_broken_ack",
	StreamEventPktInvalidAck:                    "pkt_invalid_ack",
	StreamEventPktInvalidTimestamp:              "pkt_invalid_timestamp",
	StreamEventPktRetransmission:                "pkt_retransmission",
	StreamEventPktSpuriousRetransmission:        "pkt_spurious_retransmission",
	StreamEventWrongThread:                      "wrong_thread",
	StreamEventReassemblyDepthReached:           "reassembly_depth_reached",
	StreamEventReassemblyInsertInvalid:          "reassembly_insert_invalid",
	StreamEventReassemblyInsertLimit:            "reassembly_insert_limit",
	StreamEventReassemblyInsertMemcap:           "reassembly_insert_memcap",
	StreamEventReassemblyNoSegment:              "reassembly_no_segment",
	StreamEventReassemblyOverlapDifferentData:   "reassembly_overlap_different_data",
	StreamEventReassemblySegmentBeforeBaseSeq:   "reassembly_segment_before_base_seq",
	StreamEventReassemblySeqGap:                 "reassembly_seq_gap",
	StreamEventReassemblyUrgentOobLimitReached:  "reassembly_urgent_oob_limit_reached",
}

// String returns the name as rules write it behind stream-event.
func (e StreamEvent) String() string {
	if e >= StreamEventCount {
		return "invalid_event"
	}
	return streamEventNames[e]
}

// StreamEventByName finds the event that a rule names, as in
// stream-event:est_packet_out_of_window. It walks the list: for loading rules,
// not for packets.
func StreamEventByName(name string) (StreamEvent, bool) {
	switch name {
	case "3whs_synack_resend_with_different_ack": // second names that rules use
		return StreamEvent3whsSynackResendWithDifferentAck, true
	case "est_synack_resend_with_different_ack":
		return StreamEventEstSynackResendWithDifferentAck, true
	}
	for e, n := range streamEventNames {
		if n == name {
			return StreamEvent(e), true
		}
	}
	return 0, false
}

// StreamEventSet is a set of stream events.
type StreamEventSet [2]uint64

// Add puts e into the set.
func (s *StreamEventSet) Add(e StreamEvent) { s[e>>6] |= 1 << (e & 63) }

// Has reports whether e is in the set.
func (s *StreamEventSet) Has(e StreamEvent) bool { return s[e>>6]&(1<<(e&63)) != 0 }

// Empty reports whether nothing odd was seen.
func (s *StreamEventSet) Empty() bool { return s[0]|s[1] == 0 }

// Append appends the events of the set to dst in ascending order.
func (s *StreamEventSet) Append(dst []StreamEvent) []StreamEvent {
	for w, v := range s {
		for ; v != 0; v &= v - 1 {
			dst = append(dst, StreamEvent(w<<6+bits.TrailingZeros64(v)))
		}
	}
	return dst
}
