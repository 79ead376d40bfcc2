package kafka

import (
	"testing"

	kafka "github.com/segmentio/kafka-go"
)

// TestMurmur2IsJavas has the values of Kafka's own test
// (UtilsTest.testMurmur2).
func TestMurmur2IsJavas(t *testing.T) {
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestPartitionsAreThoseOfTheLibrarysBalancer(t *testing.T) {
	balancer := kafka.Murmur2Balancer{Consistent: true}
	partitions := []int{0, 1, 2, 3, 4, 5, 6}
	key := []byte("1:")
	for i := range 200 {
		key = append(key, byte('a'+i%26))
		want := balancer.Balance(kafka.Message{Key: key}, partitions...)
		if got := partitionOf(key, len(partitions)); int(got) != want {
			t.Fatalf("key %q: partition %d, want %d", key, got, want)
		}
	}
}
