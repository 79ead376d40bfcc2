package kafka

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// body is an answer as the library writes it, without size and correlation id.
func body(t testing.TB, version int16, m protocol.Message) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := protocol.WriteResponse(&out, version, 7, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()[8:]
}

var (
	sampleProduce = &produce.Response{Topics: []produce.ResponseTopic{
		{Topic: "a", Partitions: []produce.ResponsePartition{{Partition: 3, ErrorCode: 6, ErrorMessage: "no", BaseOffset: 9,
			RecordErrors: []produce.ResponseError{{BatchIndex: 1, BatchIndexErrorMessage: "bad"}}}, {Partition: 4}}},
		{Topic: "bc", Partitions: []produce.ResponsePartition{{Partition: 1, ErrorCode: 10}}},
	}}
	sampleMetadata = &metadata.Response{
		Brokers:   []metadata.ResponseBroker{{NodeID: 1, Host: "h", Port: 9092, Rack: "r"}, {NodeID: 2, Host: "i", Port: 9}},
		ClusterID: "c",
		Topics: []metadata.ResponseTopic{
			{Name: "t", Partitions: []metadata.ResponsePartition{
				{PartitionIndex: 0, LeaderID: 2, ReplicaNodes: []int32{1, 2}, IsrNodes: []int32{2}, OfflineReplicas: []int32{1}},
				{PartitionIndex: 1, LeaderID: -1, ErrorCode: 5},
			}},
			{Name: "u", ErrorCode: 3},
		},
	}
)

func TestAnswersAreReadAsTheLibraryWritesThem(t *testing.T) {
	for version := int16(3); version <= 8; version++ {
		got, err := readProduce(body(t, version, sampleProduce), version)
		want := []producedAnswer{{"a", 3, 6}, {"a", 4, 0}, {"bc", 1, 10}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("produce v%d: got %v, error %v", version, got, err)
		}
	}
	for version := int16(1); version <= 8; version++ {
		got, err := readMetadata(body(t, version, sampleMetadata), version)
		want := clusterAnswer{
			brokers: []brokerAnswer{{1, "h", 9092}, {2, "i", 9}},
			topics:  []topicAnswer{{0, "t", []partitionAnswer{{0, 2}, {1, -1}}}, {3, "u", nil}},
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("metadata v%d: got %+v, error %v", version, got, err)
		}
	}
	for version := int16(0); version <= 4; version++ {
		p, code, err := readProducerID(body(t, version, &initproducerid.Response{ErrorCode: 31, ProducerID: 5, ProducerEpoch: 2}), version)
		if err != nil || code != 31 || p != (producer{5, 2}) {
			t.Errorf("producer id v%d: got %v, code %d, error %v", version, p, code, err)
		}
	}
	versions, code, err := readVersions(body(t, 0, &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{
		{ApiKey: int16(protocol.Produce), MinVersion: 3, MaxVersion: 99}, {ApiKey: int16(protocol.Metadata), MaxVersion: 4}, {ApiKey: 999, MaxVersion: 4},
	}}))
	if err != nil || code != 0 || versions[protocol.Produce] != 8 || versions[protocol.Metadata] != 4 {
		t.Errorf("versions: got %v, code %d, error %v", versions, code, err)
	}
}

// FuzzAnswers feeds hostile answers. Nothing may be read beyond the end, and
// what is built is never larger than the answer.
func FuzzAnswers(f *testing.F) {
	f.Add(body(f, 8, sampleProduce), int16(8))
	f.Add(body(f, 8, sampleMetadata), int16(8))
	f.Add(body(f, 4, &initproducerid.Response{}), int16(4))
	f.Add([]byte{0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff}, int16(3))
	f.Fuzz(func(t *testing.T, b []byte, version int16) {
		version &= 7
		if list, _ := readProduce(b, version); len(list)*14 > len(b) {
			t.Fatalf("%d partitions from %d bytes", len(list), len(b))
		}
		m, _ := readMetadata(b, version)
		sum := 0
		for _, topic := range m.topics {
			sum += len(topic.partitions)*18 + len(topic.name)
		}
		if sum > len(b) || len(m.brokers)*12 > len(b) {
			t.Fatalf("%d bytes of metadata from %d", sum, len(b))
		}
		_, _, _ = readProducerID(b, version)
		_, _, _ = readVersions(b)
		_, _ = readHandshake(b)
		if challenge, _, _ := readAuthenticate(b); len(challenge) > len(b) {
			t.Fatal("a challenge longer than the answer")
		}
	})
}
