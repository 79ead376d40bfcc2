// Package kafka delivers events to Apache Kafka, at least once, and lets
// nothing that the brokers do hold up the sensor.
//
//	Deliver ─► lane per event type ─► flight ─► record batch per ─► one request ─► brokers
//	records    │         ▲            one per   partition, stamped   per broker     acks=all
//	           ▼         │            lane      with producer id
//	           spool ────┘ Head, Commit         and sequence
//
// A lane is a queue of one event type, with a topic, an optional log in the
// spool, and at most one flight: records that have been sent, or are to be
// sent, and are not yet acknowledged. While the broker answers, the records of
// a Deliver call fly from memory. When an answer takes longer than
// Config.SpoolAfter, the rest goes to the spool and everything that follows
// queues up behind it, so that order is kept; later calls only look whether an
// answer has come. Alerts are written to the spool before they fly: by Ahead, as
// soon as they are queued and also while Deliver waits, so that a killed sensor
// loses none that its queue took. They are staged there, and no flight from the
// spool takes them, until Deliver gets them and either sends them from memory or
// leaves them to their place in the spool.
//
// Of kafka-go this package uses the protocol, the codecs and SASL, but neither
// Writer nor Transport. The Writer has a queue of its own without a bound,
// delivers what it reported as failed when the context ends first, has no
// producer id, and takes no notice of a leader that has moved until its
// metadata expire (segmentio/kafka-go issues 1427, 980, 797, 1221). The
// Transport routes by the same stale metadata, and it encodes record batches
// without producer id. With connections of our own there is no goroutine and
// no hidden buffer, metadata are read again when an answer says so, and
// batches carry producer id and sequence: brokers drop the copies of a batch
// that was sent again because its answer was lost. Copies are left only where
// the sensor was killed, or a batch was given up and its records sent anew;
// they have the event_id of the original.
//
// The sensor needs the rights Describe and Write on its topics, and from
// brokers before 2.8 also IdempotentWrite on the cluster, without which it goes
// on without producer id. Verify needs Read, CreateTopics needs Create.
//
// Order: records of one key are in order within their topic. One batch per
// partition is in flight, and what was spooled precedes what came later.
//
// What became of spooled records is told to the tally of the next Deliver or
// Tend, so that the exporter's equation follows every record to its end.
//
// One goroutine calls Deliver and Tend, another one Ahead; Drain, Status and the counters may be
// used from others. No record's memory is kept after Deliver returns, but of
// the records of flights that go on, which are copied.
//
// README.md is for operators: topics, keys, headers, rights, faults.
package kafka
