package stream

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// scene is a conversation whose last packet is what it is about.
type scene struct {
	name      string
	midstream bool
	async     bool
	policy    Policy
	pieces    []piece
	want      string // events of the last packet, as names with a blank between
	state     flow.TCPState
	// newer says that Suricata 7 does otherwise than Suricata 8, which is
	// followed; an installed 8 is not asked either.
	newer bool
}

// Ways into a session.
var (
	syn       = piece{from: 'c', flags: "S"}
	synAck    = piece{from: 's', flags: "SA", ack: 1}
	lastAck   = piece{from: 'c', flags: "A", seq: 1, ack: 1}
	handshake = []piece{syn, synAck, lastAck}
	fourWays  = []piece{syn, {from: 's', flags: "S"}, {from: 'c', flags: "SA", ack: 1}}
	// both sides have sent ten bytes, which are acknowledged
	talked = append(slices.Clip(handshake),
		piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "cccccccccc"}, piece{from: 's', flags: "A", seq: 1, ack: 11},
		piece{from: 's', flags: "PA", seq: 1, ack: 11, data: "ssssssssss"}, piece{from: 'c', flags: "A", seq: 11, ack: 11})
	clientFin = append(slices.Clip(talked), piece{from: 'c', flags: "FA", seq: 11, ack: 11})
	serverFin = append(slices.Clip(talked), piece{from: 's', flags: "FA", seq: 11, ack: 11})
	finWait2  = append(slices.Clip(serverFin), piece{from: 'c', flags: "A", seq: 11, ack: 12})
	lastAcks  = append(slices.Clip(clientFin), piece{from: 's', flags: "A", seq: 11, ack: 12}, piece{from: 's', flags: "FA", seq: 11, ack: 12})
	timeWait  = append(slices.Clip(finWait2), piece{from: 'c', flags: "FA", seq: 11, ack: 12})
	bothFin   = append(slices.Clip(serverFin), piece{from: 'c', flags: "F", seq: 11})
)

// then adds packets to a way into a session.
func then(way []piece, more ...piece) []piece { return append(slices.Clip(way), more...) }

func scenes() []scene {
	stamped := func(p piece, val, ecr uint32) piece {
		p.opts = tsOption(val, ecr)
		return p
	}
	withTimes := []piece{stamped(syn, 100, 0), stamped(synAck, 500, 100), stamped(lastAck, 101, 500)}
	syns := []piece{syn}
	for i := range 11 {
		syns = append(syns, piece{from: 'c', flags: "S", seq: int64(100 + i)})
	}
	synAcks := []piece{syn}
	for i := range 7 {
		synAcks = append(synAcks, piece{from: 's', flags: "SA", seq: int64(100 * i), ack: 1})
	}
	return []scene{
		{name: "a SYN opens", pieces: []piece{syn}, state: flow.TCPSynSent},
		{name: "a SYN+ACK answers", pieces: []piece{syn, synAck}, state: flow.TCPSynRecv},
		{name: "an ACK completes", pieces: handshake, state: flow.TCPEstablished},
		{name: "a SYN and a SYN+ACK may come again", pieces: then([]piece{syn, syn, synAck, synAck}, lastAck), state: flow.TCPEstablished},
		{name: "the SYN that is answered counts", newer: true, pieces: []piece{syn, {from: 'c', flags: "S", seq: 5000}, {from: 's', flags: "SA", ack: 5001}, {from: 'c', flags: "A", seq: 5001, ack: 1}}, state: flow.TCPEstablished},
		{name: "both sides may open", pieces: then(fourWays, piece{from: 's', flags: "A", seq: 1, ack: 1}), state: flow.TCPEstablished},
		{name: "without midstream an ACK begins nothing", pieces: []piece{lastAck}, state: flow.TCPNone},
		{name: "with midstream an ACK is enough", midstream: true, pieces: []piece{lastAck}, state: flow.TCPEstablished},
		{name: "with midstream a SYN+ACK is enough", midstream: true, pieces: []piece{synAck, lastAck}, state: flow.TCPEstablished},
		{name: "one side may be enough", async: true, pieces: []piece{syn, lastAck}, state: flow.TCPEstablished},
		{name: "data tells that the last ACK was missed", pieces: []piece{syn, synAck, {from: 's', flags: "PA", seq: 1, ack: 1, data: "hello"}}, state: flow.TCPEstablished},

		{name: "the server acknowledges its own answer", pieces: []piece{syn, synAck, {from: 's', flags: "A", seq: 5, ack: 1}}, want: "3whs_wrong_seq_wrong_ack", state: flow.TCPSynRecv},
		{name: "one side at another number", async: true, pieces: []piece{syn, {from: 'c', flags: "A", seq: 7, ack: 1}}, want: "3whs_async_wrong_seq", state: flow.TCPSynSent},
		{name: "the right number with a wrong acknowledgment", pieces: []piece{syn, synAck, {from: 'c', flags: "A", seq: 1, ack: 7}}, want: "3whs_right_seq_wrong_ack_evasion", state: flow.TCPSynRecv},
		{name: "too many SYNs", newer: true, pieces: syns, want: "3whs_syn_flood", state: flow.TCPSynSent},
		{name: "another SYN after the answer", pieces: []piece{syn, synAck, {from: 'c', flags: "S", seq: 9}}, want: "3whs_syn_resend_diff_seq_on_syn_recv", state: flow.TCPSynRecv},
		{name: "a SYN of the server after its answer", pieces: []piece{syn, synAck, {from: 's', flags: "S"}}, want: "3whs_syn_toclient_on_syn_recv", state: flow.TCPSynRecv},
		{name: "too many SYN+ACKs", pieces: synAcks, want: "3whs_synack_flood", state: flow.TCPSynRecv},
		{name: "a SYN+ACK of the client", pieces: []piece{syn, {from: 'c', flags: "SA", ack: 1}}, want: "3whs_synack_in_wrong_direction", state: flow.TCPSynSent},
		{name: "a SYN+ACK again with another acknowledgment", pieces: []piece{syn, synAck, {from: 's', flags: "SA", ack: 5}}, want: "3whs_synack_resend_with_diff_ack", state: flow.TCPSynRecv},
		{name: "a SYN+ACK again with another number", pieces: []piece{syn, synAck, {from: 's', flags: "SA", seq: 70, ack: 1}}, state: flow.TCPSynRecv},
		{name: "a SYN+ACK of the client after the server's", pieces: []piece{syn, synAck, {from: 'c', flags: "SA", ack: 1}}, want: "3whs_synack_toserver_on_syn_recv", state: flow.TCPSynRecv},
		{name: "a SYN+ACK for another SYN", pieces: []piece{syn, {from: 's', flags: "SA", ack: 9}}, want: "3whs_synack_with_wrong_ack", state: flow.TCPSynSent},
		{name: "both numbers wrong", pieces: []piece{syn, synAck, {from: 'c', flags: "A", seq: 200000, ack: 9}}, want: "3whs_wrong_seq_wrong_ack", state: flow.TCPSynRecv},
		{name: "data of the SYN was not taken", pieces: []piece{{from: 'c', flags: "S", data: "early", opts: tfoOption}, synAck}, want: "3whs_synack_tfo_data_ignored", state: flow.TCPSynRecv},
		{name: "data of the SYN was taken", pieces: []piece{{from: 'c', flags: "S", data: "early", opts: tfoOption}, {from: 's', flags: "SA", ack: 6}}, state: flow.TCPSynRecv},

		{name: "a four-way handshake at another number", pieces: then(fourWays, piece{from: 's', flags: "A", seq: 2, ack: 1}), want: "4whs_wrong_seq", state: flow.TCPSynRecv},
		{name: "a four-way handshake with an impossible acknowledgment", pieces: then(fourWays, piece{from: 's', flags: "A", seq: 1, ack: 200000}), want: "4whs_invalid_ack pkt_invalid_ack", state: flow.TCPSynRecv},
		{name: "a four-way SYN+ACK for another SYN", pieces: then(fourWays[:2], piece{from: 'c', flags: "SA", ack: 3}), want: "4whs_synack_with_wrong_ack", state: flow.TCPSynSent},
		{name: "a four-way SYN+ACK of another SYN", pieces: then(fourWays[:2], piece{from: 'c', flags: "SA", seq: 3, ack: 1}), want: "4whs_synack_with_wrong_syn", state: flow.TCPSynSent},

		{name: "data beyond the window", pieces: then(talked, piece{from: 'c', flags: "PA", seq: 90000, ack: 11, data: "far"}), want: "est_packet_out_of_window", state: flow.TCPEstablished},
		{name: "an acknowledgment beyond the window", pieces: then(talked, piece{from: 'c', flags: "PA", seq: 11, ack: 90000, data: "far"}), want: "est_invalid_ack pkt_invalid_ack", state: flow.TCPEstablished},
		{name: "before the last acknowledgment", pieces: then(talked, piece{from: 'c', flags: "A", seq: 5, ack: 11}), want: "est_pkt_before_last_ack", state: flow.TCPEstablished},
		{name: "what was acknowledged, again", pieces: then(talked, piece{from: 'c', flags: "PA", seq: 1, ack: 11, data: "cccccccccc"}), want: "pkt_spurious_retransmission", state: flow.TCPEstablished},
		{name: "the SYN again in an open session", pieces: then(talked, syn), want: "est_syn_resend", state: flow.TCPEstablished},
		{name: "another SYN in an open session", pieces: then(talked, piece{from: 'c', flags: "S", seq: 50}), want: "est_syn_resend_diff_seq", state: flow.TCPEstablished},
		{name: "a SYN of the server in an open session", pieces: then(talked, piece{from: 's', flags: "S"}), want: "est_syn_toclient", state: flow.TCPEstablished},
		{name: "the SYN+ACK again when the client was heard", pieces: then(talked[:5], synAck), want: "est_synack_resend_with_diff_ack", state: flow.TCPEstablished},
		{name: "the SYN+ACK again with a new acknowledgment", pieces: then(talked[:5], piece{from: 's', flags: "SA", ack: 11}), want: "est_synack_resend", state: flow.TCPEstablished},
		{name: "the SYN+ACK again when the client was not heard", pieces: then(handshake, synAck), state: flow.TCPEstablished},
		{name: "another SYN+ACK in an open session", pieces: then(handshake, piece{from: 's', flags: "SA", seq: 60, ack: 1}), want: "est_synack_resend_with_diff_seq", state: flow.TCPEstablished},
		{name: "a SYN+ACK of the client in an open session", pieces: then(talked, piece{from: 'c', flags: "SA", ack: 1}), want: "est_synack_toserver", state: flow.TCPEstablished},

		{name: "a FIN of a server whose client is not seen", newer: true, midstream: true, pieces: []piece{{from: 's', flags: "SA", ack: 1}, {from: 's', flags: "A", seq: 1, ack: 30},
			{from: 's', flags: "PA", seq: 1, ack: 30, data: "some bytes"}, {from: 's', flags: "FPA", seq: 11, ack: 30, data: "and more"}}, state: flow.TCPFinWait1},
		{name: "a FIN beyond the window", pieces: then(talked, piece{from: 'c', flags: "FA", seq: 90000, ack: 11}), want: "fin_out_of_window", state: flow.TCPEstablished},
		{name: "a FIN with an impossible acknowledgment", pieces: then(talked, piece{from: 'c', flags: "FA", seq: 11, ack: 90000}), want: "fin_invalid_ack pkt_invalid_ack", state: flow.TCPEstablished},
		{name: "a FIN without a session", pieces: []piece{{from: 'c', flags: "FA", seq: 1, ack: 1}}, want: "fin_but_no_session", state: flow.TCPNone},
		{name: "the client closes", pieces: clientFin, state: flow.TCPCloseWait},
		{name: "the server closes", pieces: serverFin, state: flow.TCPFinWait1},
		{name: "the server's FIN is acknowledged", pieces: finWait2, state: flow.TCPFinWait2},
		{name: "both close", pieces: lastAcks, state: flow.TCPLastAck},
		{name: "the client's FIN again", pieces: then(clientFin, piece{from: 'c', flags: "FA", seq: 11, ack: 11}), state: flow.TCPCloseWait},
		{name: "the server's FIN again", pieces: then(serverFin, piece{from: 's', flags: "FA", seq: 11, ack: 11}), state: flow.TCPFinWait1},
		{name: "the server's FIN again after its acknowledgment", pieces: then(finWait2, piece{from: 's', flags: "FA", seq: 11, ack: 11}), state: flow.TCPFinWait2},
		{name: "the client's FIN again after its acknowledgment", pieces: then(lastAcks[:9], piece{from: 'c', flags: "FA", seq: 11, ack: 11}), want: "closewait_fin_out_of_window", state: flow.TCPCloseWait},
		{name: "the last FIN is acknowledged", pieces: then(lastAcks, piece{from: 'c', flags: "A", seq: 12, ack: 12}), state: flow.TCPClosed},
		{name: "the client closes after the server", pieces: timeWait, state: flow.TCPTimeWait},
		{name: "the client's FIN is acknowledged", pieces: then(timeWait, piece{from: 's', flags: "A", seq: 12, ack: 12}), state: flow.TCPClosed},
		{name: "both FINs cross", pieces: bothFin, state: flow.TCPClosing},

		{name: "data beyond the window after the client's FIN", pieces: then(clientFin, piece{from: 's', flags: "PA", seq: 90000, ack: 12, data: "far"}), want: "closewait_ack_out_of_window", state: flow.TCPCloseWait},
		{name: "a FIN beyond the window after the client's", pieces: then(clientFin, piece{from: 's', flags: "FA", seq: 90000, ack: 12}), want: "closewait_fin_out_of_window", state: flow.TCPCloseWait},
		{name: "an impossible acknowledgment after the client's FIN", pieces: then(clientFin, piece{from: 's', flags: "A", seq: 11, ack: 90000}), want: "closewait_invalid_ack pkt_invalid_ack", state: flow.TCPCloseWait},
		{name: "old data after the client's FIN", pieces: then(clientFin, piece{from: 's', flags: "PA", seq: 2, ack: 12, data: "sss"}), want: "closewait_pkt_before_last_ack pkt_retransmission pkt_spurious_retransmission", state: flow.TCPCloseWait},
		{name: "data beyond the window after the server's FIN", pieces: then(serverFin, piece{from: 'c', flags: "PA", seq: 90000, ack: 12, data: "far"}), want: "fin1_ack_wrong_seq", state: flow.TCPFinWait1},
		{name: "a FIN beyond the window after the server's", pieces: then(serverFin, piece{from: 'c', flags: "FA", seq: 90000, ack: 12}), want: "fin1_fin_wrong_seq", state: flow.TCPFinWait1},
		{name: "an impossible acknowledgment after the server's FIN", pieces: then(serverFin, piece{from: 'c', flags: "A", seq: 11, ack: 90000}), want: "fin1_invalid_ack pkt_invalid_ack", state: flow.TCPFinWait1},
		{name: "data beyond the window after the FIN was acknowledged", pieces: then(finWait2, piece{from: 'c', flags: "PA", seq: 90000, ack: 12, data: "far"}), want: "fin2_ack_wrong_seq", state: flow.TCPFinWait2},
		{name: "a FIN beyond the window after the FIN was acknowledged", pieces: then(finWait2, piece{from: 'c', flags: "FA", seq: 90000, ack: 12}), want: "fin2_fin_wrong_seq", state: flow.TCPFinWait2},
		{name: "an impossible acknowledgment after the FIN was acknowledged", pieces: then(finWait2, piece{from: 'c', flags: "A", seq: 11, ack: 90000}), want: "fin2_invalid_ack pkt_invalid_ack", state: flow.TCPFinWait2},
		{name: "an impossible acknowledgment while FINs cross", pieces: then(bothFin, piece{from: 's', flags: "A", seq: 12, ack: 90000}), want: "closing_invalid_ack pkt_invalid_ack", state: flow.TCPClosing},
		{name: "another number while FINs cross", pieces: then(bothFin, piece{from: 's', flags: "A", seq: 90000, ack: 12}), want: "closing_ack_wrong_seq", state: flow.TCPClosing},
		{name: "another number for the last acknowledgment", pieces: then(lastAcks, piece{from: 'c', flags: "A", seq: 90000, ack: 12}), want: "lastack_ack_wrong_seq", state: flow.TCPLastAck},
		{name: "an impossible last acknowledgment", pieces: then(lastAcks, piece{from: 'c', flags: "A", seq: 12, ack: 90000}), want: "lastack_invalid_ack pkt_invalid_ack", state: flow.TCPLastAck},
		{name: "another number in time wait", pieces: then(timeWait, piece{from: 's', flags: "A", seq: 90000, ack: 12}), want: "timewait_ack_wrong_seq", state: flow.TCPTimeWait},
		{name: "an impossible acknowledgment in time wait", pieces: then(timeWait, piece{from: 's', flags: "A", seq: 12, ack: 90000}), want: "pkt_invalid_ack timewait_invalid_ack", state: flow.TCPTimeWait},
		{name: "a SYN while closing", pieces: then(serverFin, piece{from: 's', flags: "S"}), want: "shutdown_syn_resend", state: flow.TCPFinWait1},
		{name: "a FIN with a SYN", pieces: then(talked, piece{from: 'c', flags: "SFA", seq: 11, ack: 11}), want: "fin_syn", state: flow.TCPEstablished},

		{name: "a reset closes", pieces: then(talked, piece{from: 'c', flags: "R", seq: 11}), state: flow.TCPClosed},
		{name: "a reset of the server closes", pieces: then(talked, piece{from: 's', flags: "RA", seq: 11, ack: 11}), state: flow.TCPClosed},
		{name: "a reset at another number is forged", pieces: then(talked, piece{from: 'c', flags: "R", seq: 12}), state: flow.TCPEstablished},
		{name: "linux takes a reset inside the window", policy: PolicyLinux, pieces: then(talked, piece{from: 'c', flags: "R", seq: 12}), state: flow.TCPClosed},
		{name: "hpux11 takes a reset from the future", policy: PolicyHPUX11, pieces: then(talked, piece{from: 'c', flags: "R", seq: 90000}), state: flow.TCPClosed},
		{name: "a reset with an impossible acknowledgment", pieces: then(talked, piece{from: 'c', flags: "RA", seq: 11, ack: 90000}), want: "pkt_invalid_ack rst_invalid_ack", state: flow.TCPEstablished},
		{name: "a reset with data", pieces: then(talked, piece{from: 'c', flags: "R", seq: 11, data: "why"}), want: "rst_with_data", state: flow.TCPClosed},
		{name: "a reset without a session", pieces: []piece{{from: 's', flags: "R", seq: 1}}, want: "rst_but_no_session", state: flow.TCPNone},
		{name: "a refused SYN", pieces: []piece{syn, {from: 's', flags: "RA", seq: -serverISN, ack: 1}}, state: flow.TCPClosed},
		{name: "the server goes on after its reset", pieces: []piece{syn, {from: 's', flags: "RA", seq: -serverISN, ack: 1}, synAck}, want: "suspected_rst_inject", state: flow.TCPSynRecv},

		{name: "the client goes on after a reset that it did not sign", pieces: then(talked, piece{from: 'c', flags: "RA", seq: 11, ack: 11, opts: "\x1d\x04\x00\x00"}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "on"}), want: "suspected_rst_inject", state: flow.TCPEstablished},
		{name: "the client goes on after its reset", pieces: then(talked, piece{from: 'c', flags: "RA", seq: 11, ack: 11}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "on"}), state: flow.TCPClosed},

		{name: "a timestamp from the past", pieces: then(withTimes, stamped(piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "old"}, 50, 500)), want: "pkt_invalid_timestamp", state: flow.TCPEstablished},
		{name: "a timestamp that is one less", pieces: then(withTimes, stamped(piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "old"}, 100, 500)), state: flow.TCPEstablished},
		{name: "a timestamp of 0", pieces: then(withTimes, stamped(piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "old"}, 0, 500)), want: "pkt_invalid_timestamp", state: flow.TCPEstablished},
		{name: "a SYN+ACK that echoes another SYN", newer: true, pieces: []piece{stamped(syn, 100, 0), stamped(synAck, 500, 7)}, state: flow.TCPSynRecv},
		{name: "a SYN+ACK that echoes nothing", pieces: []piece{stamped(syn, 100, 0), stamped(synAck, 500, 0)}, state: flow.TCPSynRecv},
		{name: "an answer with a timestamp to a SYN without", pieces: []piece{syn, stamped(piece{from: 's', flags: "RA", seq: -serverISN, ack: 1}, 100, 100)}, want: "pkt_invalid_timestamp", state: flow.TCPSynSent},
		{name: "a SYN+ACK with a timestamp to a SYN without", newer: true, pieces: []piece{syn, stamped(synAck, 100, 100)}, state: flow.TCPSynRecv},
		{name: "a FIN with a timestamp to a SYN without", pieces: []piece{syn, stamped(piece{from: 's', flags: "FA", seq: -serverISN, ack: 1}, 100, 100)}, want: "pkt_invalid_timestamp", state: flow.TCPSynSent},
		{name: "an acknowledgment without its flag", pieces: then(talked, piece{from: 'c', flags: "P", seq: 11, raw: new(decoders.Seq), data: "x"}), state: flow.TCPEstablished},
		{name: "a broken acknowledgment", pieces: then(talked, piece{from: 'c', flags: "P", seq: 11, raw: seqOf(77), data: "x"}), want: "pkt_broken_ack", state: flow.TCPEstablished},
		{name: "a window that shrinks from the future", pieces: then(talked, piece{from: 'c', flags: "A", seq: 20, ack: 30, win: 100}), want: "pkt_bad_window_update", state: flow.TCPEstablished},
		{name: "a keep-alive", pieces: then(talked, piece{from: 'c', flags: "A", seq: 10, ack: 11}), state: flow.TCPEstablished},
		{name: "a keep-alive with a byte", pieces: then(talked, piece{from: 'c', flags: "A", seq: 10, ack: 11, data: "x"}), state: flow.TCPEstablished},
		{name: "unacknowledged data again while closing", pieces: then(serverFin, piece{from: 'c', flags: "PA", seq: 11, ack: 12, data: "abc"}, piece{from: 'c', flags: "PA", seq: 11, ack: 12, data: "abc"}), want: "pkt_retransmission", state: flow.TCPFinWait2},

		{name: "other bytes for what is stored", pieces: then(handshake, piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "xxxxxxxxxxxxxxxx"}, piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "xxxxxxxxyyyy"}), want: "reassembly_overlap_different_data", state: flow.TCPEstablished},
		{name: "the same bytes for what is stored", pieces: then(talked, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abc"}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abc"}), state: flow.TCPEstablished},
	}
}

// tfoOption is the Fast Open option of RFC 7413 with a cookie of 8 bytes.
const tfoOption = "\x22\x0acookie!!"

func seqOf(n uint32) *decoders.Seq { q := decoders.Seq(n); return &q }

// sorted puts the names of events into order.
func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestScenesHaveTheirEventsAndStates(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			r := newRoom(t, func(c *Config) { c.Midstream, c.AsyncOneSide, c.Policy = s.midstream, s.async, s.policy })
			var v Verdict
			for _, p := range s.pieces {
				v = r.say(p)
			}
			if got := sorted(strings.Fields(names(v.Events))); got != s.want {
				t.Errorf("events %q, want %q", got, s.want)
			}
			if v.State != s.state || r.State(&r.flow) != s.state {
				t.Errorf("state %v, want %v", v.State, s.state)
			}
			r.check(t)
		})
	}
}

// TestEveryEventHasAScene keeps the list of events honest.
func TestEveryEventHasAScene(t *testing.T) {
	without := map[decoders.StreamEvent]string{
		decoders.StreamEvent3whsAckInWrongDir:               "Suricata has 3whs_wrong_seq_wrong_ack in every case that was tried",
		decoders.StreamEvent3whsAckDataInject:               "not known when Suricata sets it",
		decoders.StreamEventEstAckZwpData:                   "not known when Suricata sets it",
		decoders.StreamEvent3whsSynackResendWithDiffSeq:     "such an answer is kept, and 3whs_synack_flood tells of too many",
		decoders.StreamEventWrongThread:                     "a flow's packets all come to one worker",
		decoders.StreamEventReassemblyNoSegment:             "memory for segments cannot run out on its own",
		decoders.StreamEventReassemblyInsertInvalid:         "no segment is invalid in itself",
		decoders.StreamEventReassemblyDepthReached:          "TestDepthLimitsADirection",
		decoders.StreamEventReassemblySeqGap:                "TestAGapIsExplicitAndTheRestGoesOn",
		decoders.StreamEventReassemblyInsertLimit:           "TestSegmentsOfADirectionAreBounded",
		decoders.StreamEventReassemblyInsertMemcap:          "TestMemoryOfAFlowIsBounded",
		decoders.StreamEventReassemblySegmentBeforeBaseSeq:  "pkt_spurious_retransmission comes first, but for numbers shifted by urgent bytes",
		decoders.StreamEventReassemblyUrgentOobLimitReached: "TestUrgentBytesOutOfBandAreBounded",
	}
	seen := map[string]bool{}
	for _, s := range scenes() {
		for _, name := range strings.Fields(s.want) {
			seen[name] = true
		}
	}
	for e := range decoders.StreamEventCount {
		if why := without[e]; (why == "") != seen[e.String()] {
			t.Errorf("%v: seen %v, without a scene because %q", e, seen[e.String()], why)
		}
	}
}

func TestScenesAreAsSuricataHasThem(t *testing.T) {
	suricata(t)
	for _, mode := range []struct{ midstream, async bool }{{}, {midstream: true}, {async: true}} {
		cfg := DefaultConfig()
		cfg.Hosts = oraclePolicies()
		cfg.Midstream, cfg.AsyncOneSide = mode.midstream, mode.async
		var frames []decoders.Frame
		last := map[string]uint64{}
		ports := map[string]uint16{}
		k := newTalk()
		for i, s := range scenes() {
			if s.midstream != mode.midstream || s.async != mode.async {
				continue
			}
			ports[s.name] = uint16(1000 + i)
			k.client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(s.policy), 1}), ports[s.name])
			k.server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(s.policy), 2}), oraclePort)
			for _, p := range s.pieces {
				frames = append(frames, k.frame(p))
			}
			last[s.name] = k.number
		}
		want := ask(t, frames, &cfg)
		for _, s := range scenes() {
			if ports[s.name] == 0 || s.newer {
				continue
			}
			if got := sorted(want.events[last[s.name]]); got != s.want {
				t.Errorf("%s: Suricata has %q, the scene %q", s.name, got, s.want)
			}
			if got := want.states[ports[s.name]]; got != s.state.String() && (got != "" || s.state != flow.TCPNone) {
				t.Errorf("%s: Suricata has state %q, the scene %v", s.name, got, s.state)
			}
		}
	}
}
