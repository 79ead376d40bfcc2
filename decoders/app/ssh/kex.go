package ssh

import (
	"encoding/binary"

	"spanwatch/decoders"
)

const cookieLen = 16

// Lists of names of SSH_MSG_KEXINIT (RFC 4253 section 7.1), in their order;
// those that are named come per direction, the client's first.
const (
	listKex         = 0
	listEncryption  = 2
	listMAC         = 4
	listCompression = 6
	listCount       = 10
)

// appendHassh appends the text behind a HASSH
// (https://github.com/salesforce/hassh): the names that a side offers for the
// exchange of keys and, in its own direction, for encryption, integrity and
// compression. False when the message is not whole.
func appendHassh(dst, message []byte, dir decoders.Direction) ([]byte, bool) {
	if len(message) < cookieLen {
		return dst, false
	}
	rest := message[cookieLen:]
	var lists [listCount][]byte
	for i := range lists {
		if len(rest) < 4 {
			return dst, false
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-4) {
			return dst, false
		}
		lists[i], rest = rest[4:4+n], rest[4+n:]
	}
	if len(rest) < 1+4 { // a guess follows; reserved
		return dst, false
	}
	dst = append(dst, lists[listKex]...)
	for _, i := range [...]int{listEncryption, listMAC, listCompression} {
		dst = append(append(dst, ';'), lists[i+int(dir)]...)
	}
	return dst, true
}
