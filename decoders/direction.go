package decoders

// Direction of a packet relative to its flow's initiator.
type Direction uint8

// ToServer runs from the initiator (client) to the responder (server).
const (
	ToServer Direction = iota
	ToClient
)

// Opposite returns the other direction.
func (d Direction) Opposite() Direction { return d ^ 1 }

// String returns the direction as events write it.
func (d Direction) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}
