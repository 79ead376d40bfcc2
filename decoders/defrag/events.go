package defrag

import "spanwatch/decoders"

func overlapEvent(version uint8) decoders.Event {
	if version == 4 {
		return decoders.EventIPv4FragOverlap
	}
	return decoders.EventIPv6FragOverlap
}

func tooLargeEvent(version uint8) decoders.Event {
	if version == 4 {
		return decoders.EventIPv4FragPktTooLarge
	}
	return decoders.EventIPv6FragPktTooLarge
}

func ignoredEvent(version uint8) decoders.Event {
	if version == 4 {
		return decoders.EventIPv4FragIgnored
	}
	return decoders.EventIPv6FragIgnored
}
