package metrics

// Kind is the type of a metric.
type Kind uint8

// Kinds of metrics.
const (
	Counter   Kind = iota // only grows while the process lives
	Gauge                 // goes up and down
	Histogram             // distribution; written by Writer.Histogram, MetricsScrape by the metrics library
)

// String returns the kind as a TYPE line has it.
func (k Kind) String() string {
	switch k {
	case Counter:
		return "counter"
	case Gauge:
		return "gauge"
	}
	return "histogram"
}

// Metric declares one metric.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string
	// Limit bounds the series of a metric whose label values come from the
	// traffic; 0 where they come from the program or its configuration.
	Limit int
	Help  string
}

// ID names a metric of the catalogue.
type ID uint8

// The metrics. What each one counts stands in the catalogue.
const (
	BuildInfo ID = iota

	CaptureFrames
	CaptureBytes
	CaptureFiltered
	CaptureDropped
	CaptureSeen
	CaptureWaiting
	CaptureUp
	CaptureLinkChanges
	CaptureReopens

	KernelPackets
	KernelBytes
	KernelVLANPackets
	KernelVLANBytes
	KernelRefusedPackets
	KernelRefusedBytes
	KernelLostPackets
	KernelLostBytes
	KernelUnreadPackets
	KernelUnreadBytes
	KernelFlows
	KernelTornReads
	KernelFeedPackets
	KernelFeedBytes
	KernelShuntsRefused
	KernelAttached
	KernelMilliseconds
	KernelPeakBytes

	DecodePackets
	DecodeBytes
	DecodeRefusedFrames
	DecodeRefusedBytes
	DecodeEvents

	DefragFragments
	DefragRebuilt
	DefragIncomplete
	DefragReached
	DefragMemory

	FlowCreated
	FlowEnded
	FlowActive
	FlowEvicted
	FlowUnseenPackets
	FlowUnseenBytes
	FlowUnsettledPackets
	FlowUnsettledBytes
	FlowKernelOnly
	FlowPackets
	FlowBytes
	FlowStates
	FlowTCPStates
	FlowMemory

	StreamPackets
	StreamBadChecksum
	StreamSessions
	StreamActive
	StreamMidstream
	StreamRefusedSessions
	StreamSegments
	StreamBytes
	StreamRefusedSegments
	StreamLeftOut
	StreamStopped
	StreamEvicted
	StreamEvictedBytes
	StreamGaps
	StreamGapBytes
	StreamUnseenAcks
	StreamDepthReached
	StreamBeyondDepth
	StreamOverlaps
	StreamConflicts
	StreamOutOfOrder
	StreamUrgent
	StreamEvents
	StreamMemory

	BandwidthTransportBytes
	BandwidthTransportPackets
	BandwidthServiceBytes
	BandwidthServicePackets
	BandwidthWindow
	BandwidthTalkerBytes
	BandwidthTalkerPackets
	BandwidthFlowBytes
	BandwidthFlowPackets

	BandwidthRateWindow
	BandwidthFlowRate
	BandwidthHostRate
	BandwidthServiceRate
	BandwidthASNRate
	BandwidthCountryRate

	AccountingExpected
	AccountingExplained
	AccountingBalance

	DetectRules
	DetectReloads
	DetectReloaded
	DetectCandidates
	DetectInspected
	DetectMatches
	DetectAlerts
	DetectSuppressed
	DetectOverflow
	DetectLimited
	DetectUninspected
	DetectForgotten
	DetectRuleTime
	DetectRuleMatches
	ShedFlows
	ShedPackets
	ShedBytes
	OverloadLevel
	OverloadStarts

	AppFlows
	AppTransactions
	AppErrors
	AppAnomalies
	AppUnrecognised
	AppExpectations
	AppDroppedExpectations

	FilestoreFiles
	FilestoreBytes

	ExportMade
	ExportRecovered
	ExportDelivered
	ExportDeliveredBytes
	ExportReplayed
	ExportSpooled
	ExportSpool
	ExportDropped
	ExportFiltered
	ExportConnected
	ExportQueued
	ExportQueueBatches
	ExportQueueBytes
	ExportOldest
	ExportLatency

	KafkaBrokerConnected
	KafkaFault
	KafkaTopicRecords
	KafkaTopicDropped
	KafkaDeadLetters

	SpoolRecords
	SpoolBytes

	PipelineBatches
	PipelineQueue
	PipelineBusy
	PipelineFullness
	PipelineBadChecksum

	MetricsFolded
	MetricsScrape

	numMetrics
)

// Bounds of the metrics whose labels come from the traffic.
const (
	maxServices = 64  // application ports and protocols, times two directions
	maxTalkers  = 100 // hosts, times two directions
	maxFlows    = 50
	maxRules    = 20  // of a profile
	maxNetworks = 100 // autonomous systems, and countries, times two directions
)

// catalogue declares every metric. Names are spanwatch_<stage>_<thing>_<unit>,
// counters end in _total.
var catalogue = [numMetrics]Metric{
	BuildInfo: {"spanwatch_build_info", Gauge, []string{"version", "goversion", "revision"}, 0,
		"Always 1; the labels say what runs."},

	CaptureFrames: {"spanwatch_capture_frames_total", Counter, []string{"interface"}, 0,
		"Frames that the capture source delivered."},
	CaptureBytes: {"spanwatch_capture_bytes_total", Counter, []string{"interface"}, 0,
		"Bytes on the wire of the delivered frames."},
	CaptureFiltered: {"spanwatch_capture_filtered_frames_total", Counter, []string{"interface"}, 0,
		"Frames that the BPF filter refused, where the source can tell."},
	CaptureDropped: {"spanwatch_capture_dropped_frames_total", Counter, []string{"interface", "reason"}, 0,
		"Frames lost before the sensor got them, in kernel or ring: ring_full and fill_ring_empty (the sensor was too slow), unread (in the ring when it was closed), interface_missed and interface_overrun (of the device)."},
	CaptureSeen: {"spanwatch_capture_seen_frames_total", Counter, []string{"interface"}, 0,
		"Frames that passed the filter, by the kernel's count: delivered, dropped as ring_full, fill_ring_empty or unread, and waiting."},
	CaptureWaiting: {"spanwatch_capture_waiting_frames", Gauge, []string{"interface"}, 0,
		"Frames in the ring that the sensor has not read yet."},
	CaptureUp: {"spanwatch_capture_up", Gauge, []string{"interface"}, 0,
		"1 while frames are captured from the interface; 0 while it is down, gone or cannot be opened."},
	CaptureLinkChanges: {"spanwatch_capture_link_changes_total", Counter, []string{"interface"}, 0,
		"Times that capture has stopped because the interface was down, gone or could not be opened."},
	CaptureReopens: {"spanwatch_capture_reopens_total", Counter, []string{"interface"}, 0,
		"Times that the interface was opened anew, as after it was removed and came back."},

	KernelPackets: {"spanwatch_kernel_packets_total", Counter, []string{"interface", "direction"}, 0,
		"All packets that passed the interface, counted by the kernel programs: those of a merged packet one by one where the hook can tell."},
	KernelBytes: {"spanwatch_kernel_bytes_total", Counter, []string{"interface", "direction"}, 0,
		"Bytes on the wire of spanwatch_kernel_packets_total."},
	KernelVLANPackets: {"spanwatch_kernel_vlan_packets_total", Counter, []string{"interface", "vlan", "direction"}, 4096,
		"Those of each VLAN, by the outermost tag; untagged packets are the rest."},
	KernelVLANBytes: {"spanwatch_kernel_vlan_bytes_total", Counter, []string{"interface", "vlan", "direction"}, 4096,
		"Bytes on the wire of spanwatch_kernel_vlan_packets_total."},
	KernelRefusedPackets: {"spanwatch_kernel_refused_packets_total", Counter, []string{"interface", "reason"}, 0,
		"Packets that the kernel programs count in no flow; duplicate is a packet that was mirrored twice."},
	KernelRefusedBytes: {"spanwatch_kernel_refused_bytes_total", Counter, []string{"interface", "reason"}, 0,
		"Bytes on the wire of spanwatch_kernel_refused_packets_total."},
	KernelLostPackets: {"spanwatch_kernel_lost_packets_total", Counter, []string{"interface"}, 0,
		"Packets of flows that the kernel's table and its eviction ring had no room for; they are in no flow record."},
	KernelLostBytes: {"spanwatch_kernel_lost_bytes_total", Counter, []string{"interface"}, 0,
		"Bytes on the wire of spanwatch_kernel_lost_packets_total."},
	KernelUnreadPackets: {"spanwatch_kernel_unread_packets", Gauge, []string{"interface"}, 0,
		"Packets in flows of the kernel's table that the flow tables have not been told of yet."},
	KernelUnreadBytes: {"spanwatch_kernel_unread_bytes", Gauge, []string{"interface"}, 0,
		"Bytes on the wire of spanwatch_kernel_unread_packets."},
	KernelFlows: {"spanwatch_kernel_flows_total", Counter, []string{"interface", "state"}, 0,
		"Entries of the kernel's table: new, evicted to make room, and lost because the eviction ring was full. One for each CPU that sees the flow."},
	KernelFeedPackets: {"spanwatch_kernel_feed_packets_total", Counter, []string{"interface", "verdict"}, 0,
		"Frames that the kernel decided on for capture.method ebpf or capture.kernel.duplicate-window: handed, handed_end (of a shunted flow, with SYN, FIN or RST), shed_shunted, shed_sampled, shed_duplicate, dropped (of a shunted flow, in the driver). The last four were counted, but not captured."},
	KernelFeedBytes: {"spanwatch_kernel_feed_bytes_total", Counter, []string{"interface", "verdict"}, 0,
		"Bytes of the frames of spanwatch_kernel_feed_packets_total."},
	KernelShuntsRefused: {"spanwatch_kernel_shunts_refused_total", Counter, nil, 0,
		"Flows that the kernel could not hold back since its table of them was full; the sensor counted them itself."},
	KernelTornReads: {"spanwatch_kernel_torn_reads_total", Counter, []string{"interface"}, 0,
		"Entries left for the next reading because the kernel kept writing them."},
	KernelAttached: {"spanwatch_kernel_attached", Gauge, []string{"interface", "hook"}, 0,
		"Whether the kernel programs are attached to the interface."},
	KernelMilliseconds: {"spanwatch_kernel_millisecond_bytes", Histogram, []string{"interface", "direction"}, 0,
		"Bytes that passed the interface in each millisecond: microbursts are in the upper buckets."},
	KernelPeakBytes: {"spanwatch_kernel_peak_millisecond_bytes", Gauge, []string{"interface", "direction"}, 0,
		"The most bytes that passed the interface within a millisecond."},

	DecodePackets: {"spanwatch_decode_packets_total", Counter, []string{"layer"}, 0,
		"Packets in which a protocol header was found; one packet counts in each of its layers."},
	DecodeBytes: {"spanwatch_decode_bytes_total", Counter, []string{"layer"}, 0,
		"Bytes on the wire of the packets of spanwatch_decode_packets_total."},
	DecodeRefusedFrames: {"spanwatch_decode_refused_frames_total", Counter, []string{"reason"}, 0,
		"Frames that could not be decoded, each under one reason."},
	DecodeRefusedBytes: {"spanwatch_decode_refused_bytes_total", Counter, []string{"reason"}, 0,
		"Bytes on the wire of the refused frames."},
	DecodeEvents: {"spanwatch_decode_events_total", Counter, []string{"event"}, 0,
		"Oddities of packet headers, by the name of the rule keyword decode-event."},

	DefragFragments: {"spanwatch_defrag_fragments_total", Counter, nil, 0,
		"IP fragments seen."},
	DefragRebuilt: {"spanwatch_defrag_rebuilt_datagrams_total", Counter, nil, 0,
		"Datagrams made whole from their fragments."},
	DefragIncomplete: {"spanwatch_defrag_incomplete_datagrams_total", Counter, nil, 0,
		"Datagrams given up because fragments were missing or memory was short."},
	DefragReached: {"spanwatch_defrag_bound_reached_total", Counter, []string{"bound"}, 0,
		"Times that a datagram gave way, or a fragment was refused, because a bound was reached: datagrams (defrag.max-datagrams), fragments (defrag.max-fragments), bytes."},
	DefragMemory: {"spanwatch_defrag_memory_bytes", Gauge, nil, 0,
		"Memory that waiting fragments take."},

	FlowCreated: {"spanwatch_flow_created_total", Counter, nil, 0,
		"Flows that began."},
	FlowEnded: {"spanwatch_flow_ended_total", Counter, []string{"reason"}, 0,
		"Flows that ended, each under one reason."},
	FlowActive: {"spanwatch_flow_active_flows", Gauge, nil, 0,
		"Flows in the tables; created minus ended."},
	FlowEvicted: {"spanwatch_flow_evicted_total", Counter, nil, 0,
		"Flows ended early to make room in a full table."},
	FlowUnseenPackets: {"spanwatch_flow_unseen_packets_total", Counter, nil, 0,
		"Packets counted in flows by the kernel alone: capture lost them or held them back."},
	FlowUnseenBytes: {"spanwatch_flow_unseen_bytes_total", Counter, nil, 0,
		"Bytes on the wire of spanwatch_flow_unseen_packets_total."},
	FlowUnsettledPackets: {"spanwatch_flow_unsettled_packets_total", Counter, nil, 0,
		"Packets counted in flows that the kernel counts otherwise or not at all, so that they may count twice."},
	FlowUnsettledBytes: {"spanwatch_flow_unsettled_bytes_total", Counter, nil, 0,
		"Bytes on the wire of spanwatch_flow_unsettled_packets_total."},
	FlowKernelOnly: {"spanwatch_flow_kernel_only_total", Counter, nil, 0,
		"Flows that began without any packet captured, by the kernel's count."},
	FlowPackets: {"spanwatch_flow_packets_total", Counter, []string{"direction"}, 0,
		"Packets counted in flows."},
	FlowBytes: {"spanwatch_flow_bytes_total", Counter, []string{"direction"}, 0,
		"Bytes on the wire counted in flows, every fragment included."},
	FlowStates: {"spanwatch_flow_ended_in_state_total", Counter, []string{"state"}, 0,
		"Flows that ended, by how far they had come: new, established, closed; or by who only counted them in the end: local_bypassed, capture_bypassed (the kernel)."},
	FlowTCPStates: {"spanwatch_flow_ended_in_tcp_state_total", Counter, []string{"state"}, 0,
		"TCP flows that ended, by the state of their session; none is a flow whose opening was not seen."},
	FlowMemory: {"spanwatch_flow_memory_bytes", Gauge, nil, 0,
		"Memory that what is known of the flows in the tables takes, without that of streams and parsers."},

	StreamPackets: {"spanwatch_stream_packets_total", Counter, []string{"kind"}, 0,
		"TCP packets given to reassembly that have a flag set: syn, syn_ack, rst, urg."},
	StreamBadChecksum: {"spanwatch_stream_bad_checksum_packets_total", Counter, nil, 0,
		"TCP packets kept from reassembly for a wrong TCP checksum, see decode.checksums."},
	StreamSessions: {"spanwatch_stream_sessions_total", Counter, nil, 0,
		"TCP sessions followed."},
	StreamActive: {"spanwatch_stream_active_sessions", Gauge, nil, 0,
		"TCP sessions that are being followed."},
	StreamMidstream: {"spanwatch_stream_midstream_sessions_total", Counter, nil, 0,
		"Sessions taken up without their opening, see stream.midstream."},
	StreamRefusedSessions: {"spanwatch_stream_refused_sessions_total", Counter, nil, 0,
		"Packets that would have begun a session while all were in use; what follows of it is inspected packet by packet only."},
	StreamSegments: {"spanwatch_stream_segments_total", Counter, nil, 0,
		"Packets whose payload was taken for its stream."},
	StreamBytes: {"spanwatch_stream_bytes_total", Counter, nil, 0,
		"Bytes of payload that were stored for parsers and rules, each once."},
	StreamRefusedSegments: {"spanwatch_stream_refused_segments_total", Counter, []string{"bound"}, 0,
		"Segments left out of their stream for want of room: memory (of all streams), flow_memory (of one), segments (of one direction). Parsers and rules see a gap instead."},
	StreamLeftOut: {"spanwatch_stream_left_out_bytes_total", Counter, nil, 0,
		"Bytes of payload that parsers and rules did not see for want of room: of refused segments, and of sessions whose reassembly ended."},
	StreamStopped: {"spanwatch_stream_stopped_directions_total", Counter, nil, 0,
		"Directions of sessions whose reassembly ended for want of room."},
	StreamEvicted: {"spanwatch_stream_evicted_sessions_total", Counter, nil, 0,
		"Sessions whose reassembly ended so that others had room: those that were silent for longest."},
	StreamEvictedBytes: {"spanwatch_stream_evicted_bytes_total", Counter, nil, 0,
		"Memory that the evicted sessions held."},
	StreamGaps: {"spanwatch_stream_gaps_total", Counter, nil, 0,
		"Holes in streams whose bytes were acknowledged but never seen: lost before or by the sensor."},
	StreamGapBytes: {"spanwatch_stream_gap_bytes_total", Counter, nil, 0,
		"Bytes that are missing in the holes of spanwatch_stream_gaps_total."},
	StreamUnseenAcks: {"spanwatch_stream_unseen_ack_packets_total", Counter, nil, 0,
		"Packets that acknowledge bytes that had not been seen when they came: of segments that are lost, or only late."},
	StreamDepthReached: {"spanwatch_stream_depth_reached_directions_total", Counter, nil, 0,
		"Directions of sessions that came to stream.depth, behind which nothing is reassembled."},
	StreamBeyondDepth: {"spanwatch_stream_beyond_depth_bytes_total", Counter, nil, 0,
		"Bytes that came behind stream.depth."},
	StreamOverlaps: {"spanwatch_stream_overlapping_segments_total", Counter, nil, 0,
		"Segments that repeat bytes of stored ones: retransmissions, and attempts at evasion."},
	StreamConflicts: {"spanwatch_stream_conflicting_segments_total", Counter, nil, 0,
		"Stored segments that another one repeated with other bytes: what the receiver reads depends on its system."},
	StreamOutOfOrder: {"spanwatch_stream_out_of_order_segments_total", Counter, nil, 0,
		"Segments that did not follow what was the highest byte of their direction."},
	StreamUrgent: {"spanwatch_stream_urgent_bytes_total", Counter, nil, 0,
		"Bytes taken out of streams as urgent data."},
	StreamEvents: {"spanwatch_stream_events_total", Counter, []string{"event"}, 0,
		"Packets with an oddity of their session, by the name of the rule keyword stream-event."},
	StreamMemory: {"spanwatch_stream_memory_bytes", Gauge, []string{"use"}, 0,
		"Memory of reassembly: data (in use; bounded), data_reserved (in use or kept for reuse), sessions (what is known of them)."},

	BandwidthTransportBytes: {"spanwatch_bandwidth_transport_bytes_total", Counter, []string{"proto", "direction"}, 0,
		"Bytes on the wire by transport protocol; proto other holds those without a name of their own."},
	BandwidthTransportPackets: {"spanwatch_bandwidth_transport_packets_total", Counter, []string{"proto", "direction"}, 0,
		"Packets by transport protocol."},
	BandwidthServiceBytes: {"spanwatch_bandwidth_service_bytes_total", Counter, []string{"service", "proto", "direction"}, 2 * maxServices,
		"Bytes on the wire by application protocol or server port."},
	BandwidthServicePackets: {"spanwatch_bandwidth_service_packets_total", Counter, []string{"service", "proto", "direction"}, 2 * maxServices,
		"Packets by application protocol or server port."},
	BandwidthWindow: {"spanwatch_bandwidth_window_seconds", Gauge, nil, 0,
		"Packet time that the talker and flow metrics cover."},
	BandwidthTalkerBytes: {"spanwatch_bandwidth_talker_bytes", Gauge, []string{"host", "country", "asn", "direction"}, 2 * maxTalkers,
		"Bytes on the wire of the hosts with most traffic in the window, sent or received."},
	BandwidthTalkerPackets: {"spanwatch_bandwidth_talker_packets", Gauge, []string{"host", "country", "asn", "direction"}, 2 * maxTalkers,
		"Packets of the hosts with most traffic in the window."},
	BandwidthFlowBytes: {"spanwatch_bandwidth_flow_bytes", Gauge, []string{"src", "src_port", "dest", "dest_port", "proto"}, maxFlows,
		"Bytes on the wire of the largest flows in the window, both directions."},
	BandwidthFlowPackets: {"spanwatch_bandwidth_flow_packets", Gauge, []string{"src", "src_port", "dest", "dest_port", "proto"}, maxFlows,
		"Packets of the largest flows in the window, both directions."},

	BandwidthRateWindow: {"spanwatch_bandwidth_rate_window_seconds", Gauge, nil, 0,
		"Length, in packet time, of the last full window that the bits_per_second metrics are of."},
	BandwidthFlowRate: {"spanwatch_bandwidth_flow_bits_per_second", Gauge, []string{"src", "src_port", "dest", "dest_port", "proto"}, maxFlows,
		"Bit rate on the wire of the largest flows, both directions, over the last window."},
	BandwidthHostRate: {"spanwatch_bandwidth_host_bits_per_second", Gauge, []string{"host", "country", "asn", "direction"}, 2 * maxTalkers,
		"Bit rate on the wire of the largest hosts, sent or received, over the last window."},
	BandwidthServiceRate: {"spanwatch_bandwidth_service_bits_per_second", Gauge, []string{"service", "proto", "direction"}, 2 * maxServices,
		"Bit rate on the wire by server port over the last window."},
	BandwidthASNRate: {"spanwatch_bandwidth_asn_bits_per_second", Gauge, []string{"asn", "org", "direction"}, 2 * maxNetworks,
		"Bit rate on the wire by autonomous system of the hosts, sent or received, over the last window."},
	BandwidthCountryRate: {"spanwatch_bandwidth_country_bits_per_second", Gauge, []string{"country", "direction"}, 2 * maxNetworks,
		"Bit rate on the wire by country of the hosts, sent or received, over the last window."},

	AccountingExpected: {"spanwatch_accounting_expected_total", Counter, []string{"equation"}, 0,
		"Left side of an accounting equation: what must be explained."},
	AccountingExplained: {"spanwatch_accounting_explained_total", Counter, []string{"equation"}, 0,
		"Right side of an accounting equation: the sum of everything that can have become of it."},
	AccountingBalance: {"spanwatch_accounting_balance", Gauge, []string{"equation"}, 0,
		"Expected minus explained. Anything but 0 is a defect of the sensor."},

	DetectRules: {"spanwatch_detect_rules", Gauge, []string{"state"}, 0,
		"Rules of the active ruleset: loaded, failed or skipped."},
	DetectReloads: {"spanwatch_detect_reloads_total", Counter, []string{"result"}, 0,
		"Times that rules were loaded anew: ok, or failed, which keeps the old ones."},
	DetectReloaded: {"spanwatch_detect_rules_loaded_timestamp_seconds", Gauge, nil, 0,
		"When the active ruleset was taken into use, in seconds since 1970; 0 for that of the start."},
	DetectCandidates: {"spanwatch_detect_candidates_total", Counter, nil, 0,
		"Signatures that the prefilter proposed."},
	DetectInspected: {"spanwatch_detect_inspected_total", Counter, nil, 0,
		"Candidates whose conditions were evaluated."},
	DetectMatches: {"spanwatch_detect_matches_total", Counter, nil, 0,
		"Signatures that matched, before thresholds."},
	DetectAlerts: {"spanwatch_detect_alerts_total", Counter, nil, 0,
		"Alerts made."},
	DetectSuppressed: {"spanwatch_detect_suppressed_alerts_total", Counter, nil, 0,
		"Matches that thresholds, suppression or noalert kept from becoming alerts."},
	DetectOverflow: {"spanwatch_detect_overflow_alerts_total", Counter, nil, 0,
		"Alerts discarded because one packet had more than the limit."},
	ShedFlows: {"spanwatch_pipeline_shed_flows_total", Counter, []string{"reason"}, 0,
		"Flows whose inspection was given up: rule (bypass), encrypted, stream_depth, elephant (overload). They are counted to their end."},
	ShedPackets: {"spanwatch_pipeline_shed_packets_total", Counter, []string{"reason"}, 0,
		"Packets on the wire that were counted in their flows but not inspected."},
	ShedBytes: {"spanwatch_pipeline_shed_bytes_total", Counter, []string{"reason"}, 0,
		"Bytes on the wire of the packets of spanwatch_pipeline_shed_packets_total."},
	OverloadLevel: {"spanwatch_pipeline_overload_level", Gauge, []string{"lane"}, 0,
		"How much inspection is shed because the sensor cannot keep up with a source: 0 is none, each level takes smaller flows."},
	OverloadStarts: {"spanwatch_pipeline_overloads_total", Counter, nil, 0,
		"Times that shedding has begun because the sensor could not keep up."},
	DetectLimited: {"spanwatch_detect_limited_total", Counter, []string{"limit"}, 0,
		"Evaluations that ran into a limit and so did not match: steps (of one rule), pcre (of an expression); and packet: packets that used up rules.packet-budget."},
	DetectForgotten: {"spanwatch_detect_forgotten_total", Counter, []string{"what"}, 0,
		"What rules were to remember of flows and there was no room for: flowbits, notes (of rules that match once a flow), variables. Rules that build on it do not match."},
	DetectUninspected: {"spanwatch_detect_uninspected_candidates_total", Counter, nil, 0,
		"Candidates that were not inspected because the packet's budget was used up."},
	DetectRuleTime: {"spanwatch_detect_rule_seconds", Gauge, []string{"gid", "sid"}, maxRules,
		"Time that the dearest rules took since the start, with rules.profile."},
	DetectRuleMatches: {"spanwatch_detect_rule_matches", Gauge, []string{"gid", "sid"}, maxRules,
		"Matches of the dearest rules since the start, with rules.profile."},

	AppFlows: {"spanwatch_app_flows_total", Counter, []string{"proto"}, 0,
		"Flows whose application protocol was recognised."},
	AppTransactions: {"spanwatch_app_transactions_total", Counter, []string{"proto"}, 0,
		"Transactions that parsers made."},
	AppErrors: {"spanwatch_app_errors_total", Counter, []string{"proto", "reason"}, 0,
		"Flows whose parser gave up: for a gap, for what was sent (parser), for a defect of the sensor (internal). Datagrams that could not be parsed count too."},
	AppAnomalies: {"spanwatch_app_anomalies_total", Counter, []string{"proto"}, 0,
		"Oddities of transactions that parsers saw, written or not."},
	AppUnrecognised: {"spanwatch_app_unrecognised_flows_total", Counter, []string{"transport"}, 0,
		"Flows with payload whose application protocol was not recognised."},
	AppExpectations: {"spanwatch_app_expectations", Gauge, nil, 0,
		"Data connections that are waited for since a control connection has agreed on them."},
	AppDroppedExpectations: {"spanwatch_app_dropped_expectations_total", Counter, nil, 0,
		"Data connections no longer waited for since there were too many: their protocol and files are not recognised."},

	FilestoreFiles: {"spanwatch_filestore_files_total", Counter, []string{"result"}, 0,
		"Files that rules asked for: stored, known (there already), full (a bound of file-store was reached), large, failed (an error of the disk)."},
	FilestoreBytes: {"spanwatch_filestore_written_bytes_total", Counter, nil, 0,
		"Bytes of the stored files."},

	ExportMade: {"spanwatch_export_made_events_total", Counter, []string{"sink", "type"}, 0,
		"Events offered to a sink: made + recovered = delivered + in the spool + dropped + filtered + queued."},
	ExportRecovered: {"spanwatch_export_recovered_events_total", Counter, []string{"sink", "type"}, 0,
		"Events that an earlier process had left in the spool."},
	ExportDelivered: {"spanwatch_export_delivered_events_total", Counter, []string{"sink", "type"}, 0,
		"Events that the destination has."},
	ExportDeliveredBytes: {"spanwatch_export_delivered_bytes_total", Counter, []string{"sink", "type"}, 0,
		"Bytes of JSON of the delivered events."},
	ExportReplayed: {"spanwatch_export_replayed_events_total", Counter, []string{"sink", "type"}, 0,
		"Delivered events that came out of the spool."},
	ExportSpooled: {"spanwatch_export_spooled_events_total", Counter, []string{"sink", "type"}, 0,
		"Events that went to the disk to be delivered later."},
	ExportSpool: {"spanwatch_export_spool_events", Gauge, []string{"sink", "type"}, 0,
		"Events on the disk that wait for their delivery."},
	ExportDropped: {"spanwatch_export_dropped_events_total", Counter, []string{"sink", "type", "reason"}, 0,
		"Events that did not reach the sink and never will."},
	ExportFiltered: {"spanwatch_export_filtered_events_total", Counter, []string{"sink", "type", "reason"}, 0,
		"Events that the sink's filter holds back, as configured."},
	ExportConnected: {"spanwatch_export_connected", Gauge, []string{"sink"}, 0,
		"1 while the connection of a socket or syslog sink stands."},
	ExportQueued: {"spanwatch_export_queued_events", Gauge, []string{"sink", "type"}, 0,
		"Events waiting for the sink."},
	ExportQueueBatches: {"spanwatch_export_queue_batches", Gauge, []string{"sink"}, 0,
		"Batches waiting for the sink."},
	ExportQueueBytes: {"spanwatch_export_queue_bytes", Gauge, []string{"sink"}, 0,
		"Bytes of JSON waiting for the sink."},
	ExportOldest: {"spanwatch_export_oldest_event_seconds", Gauge, []string{"sink"}, 0,
		"Time that the oldest event has waited which is neither delivered, dropped nor spooled."},
	ExportLatency: {"spanwatch_export_delivery_seconds", Histogram, []string{"sink"}, 0,
		"Time from the making of an event to the destination having it; those that went by the spool are not in it."},

	KafkaBrokerConnected: {"spanwatch_kafka_broker_connected", Gauge, []string{"broker"}, 0,
		"Whether there is a working connection to the broker; none is opened to brokers that lead no partition in use."},
	KafkaFault: {"spanwatch_kafka_fault", Gauge, nil, 0,
		"Whether the last attempt to reach the cluster failed."},
	KafkaTopicRecords: {"spanwatch_kafka_topic_records_total", Counter, []string{"topic"}, 0,
		"Records that the brokers have acknowledged."},
	KafkaTopicDropped: {"spanwatch_kafka_topic_dropped_records_total", Counter, []string{"topic", "reason"}, 0,
		"Records meant for a topic that did not reach it and never will."},
	KafkaDeadLetters: {"spanwatch_kafka_dead_letters_total", Counter, []string{"state"}, 0,
		"Notes about records that no broker takes: sent to the dead letter topic, or dropped too."},

	SpoolRecords: {"spanwatch_spool_records", Gauge, nil, 0,
		"Records in the spool by its own books; with those before delivery that alerts are written ahead of."},
	SpoolBytes: {"spanwatch_spool_bytes", Gauge, nil, 0,
		"Size of the spool's files."},

	PipelineBatches: {"spanwatch_pipeline_batches_total", Counter, []string{"worker"}, 0,
		"Batches of frames that a worker processed."},
	PipelineQueue: {"spanwatch_pipeline_queue_batches", Gauge, []string{"worker"}, 0,
		"Batches waiting for a worker."},
	PipelineBusy: {"spanwatch_pipeline_busy_seconds_total", Counter, []string{"worker"}, 0,
		"Time that a worker spent processing; its rate is the worker's load, 1 being all it can do."},

	PipelineFullness: {"spanwatch_pipeline_fullness_ratio", Gauge, []string{"bound"}, 0,
		"How much of a bound is in use, 1 being all, by the worker that is fullest: flows (flow.max-flows), sessions, stream_memory, fragments. At 1 something gives way or is left out."},
	PipelineBadChecksum: {"spanwatch_pipeline_bad_checksum_packets_total", Counter, nil, 0,
		"Packets kept from parsers and streams for a wrong checksum, see decode.checksums."},

	MetricsFolded: {"spanwatch_metrics_folded_series", Gauge, []string{"metric"}, 0,
		"Series beyond a metric's bound, added up in its series other."},
	MetricsScrape: {"spanwatch_metrics_scrape_seconds", Histogram, nil, 0,
		"Time that making the answer to a scrape took."},
}

// Catalogue returns the declarations of all metrics, in the order in which a
// scrape shows them. The metrics of process and Go runtime, which the metrics
// library makes, are not among them.
func Catalogue() []Metric { return catalogue[:] }
