package kafka

import "encoding/binary"

// murmur2 is the hash by which Kafka's Java client chooses the partition of a
// key (org.apache.kafka.common.utils.Utils.murmur2: MurmurHash2, 32 bit, seed
// 0x9747b28c), so that records of other producers with the same key are in the
// same partition.
func murmur2(key []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := uint32(seed) ^ uint32(len(key))
	for ; len(key) >= 4; key = key[4:] {
		k := binary.LittleEndian.Uint32(key)
		k *= m
		k ^= k >> r
		k *= m
		h *= m
		h ^= k
	}
	switch len(key) {
	case 3:
		h ^= uint32(key[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(key[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(key[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}

// partitionOf chooses one of n partitions as the Java client does.
func partitionOf(key []byte, n int) int32 {
	return int32(murmur2(key)&0x7fffffff) % int32(n)
}
