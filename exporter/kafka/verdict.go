package kafka

import (
	"errors"

	kafka "github.com/segmentio/kafka-go"
)

// brokerError is the error for a code of the protocol.
func brokerError(code int16) error { return kafka.Error(code) }

// verdict says what an error code means for the records of a batch.
type verdict uint8

const (
	verdictOK      verdict = iota
	verdictRetry           // the records are good, the cluster is not, or does not let us
	verdictSession         // the broker knows nothing of our producer id or sequence
	verdictSplit           // something in the batch is refused
	verdictTime            // the timestamp is refused
)

// judge gives the verdict on a produce answer, and whether the metadata that
// led to the request are in doubt. Whatever is not known to be the records'
// fault is tried again: missing topics and missing rights are mended by
// people, and the records wait for them in the spool.
func judge(code int16) (v verdict, stale bool) {
	switch kafka.Error(code) {
	case 0, kafka.DuplicateSequenceNumber: // the second: a copy of what is there already
		return verdictOK, false
	case kafka.OutOfOrderSequenceNumber, kafka.UnknownProducerId, kafka.InvalidProducerEpoch,
		kafka.InvalidProducerIDMapping, kafka.ProducerFenced:
		return verdictSession, false
	case kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidRecord, kafka.InvalidMessage,
		kafka.InvalidMessageSize, kafka.UnsupportedForMessageFormat, kafka.PolicyViolation:
		return verdictSplit, false
	case kafka.InvalidTimestamp:
		return verdictTime, false
	case kafka.NotEnoughReplicas, kafka.NotEnoughReplicasAfterAppend, kafka.RequestTimedOut,
		kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed, kafka.ThrottlingQuotaExceeded:
		return verdictRetry, false
	}
	return verdictRetry, true
}

// forbidden says whether the broker refuses a producer id, without which
// delivery works too.
func forbidden(code int16) bool {
	err := brokerError(code)
	return errors.Is(err, kafka.ClusterAuthorizationFailed) || errors.Is(err, kafka.UnsupportedVersion)
}
