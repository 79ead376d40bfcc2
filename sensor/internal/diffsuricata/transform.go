package main

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"net/url"
)

// transform chooses one and says about what data becomes by it. The conditions
// behind it need only nearly hold.
func (g *generator) transform(data []byte) (option string, out []byte) {
	switch g.IntN(13) {
	case 0:
		return "to_lowercase", bytes.ToLower(data)
	case 1:
		return "to_uppercase", bytes.ToUpper(data)
	case 2:
		return "strip_whitespace", bytes.Join(bytes.Fields(data), nil)
	case 3:
		return "compress_whitespace", bytes.Join(bytes.Fields(data), []byte(" "))
	case 4:
		h := md5.Sum(data)
		return "to_md5", h[:]
	case 5:
		h := sha1.Sum(data)
		return "to_sha1", h[:]
	case 6:
		h := sha256.Sum256(data)
		return "to_sha256", h[:]
	case 7:
		return "dotprefix", append([]byte("."), data...)
	case 8:
		if s, err := url.QueryUnescape(string(data)); err == nil {
			data = []byte(s)
		}
		return "url_decode", data
	case 9:
		key := []byte{byte(g.IntN(256)), byte(g.IntN(256))}
		out := make([]byte, len(data))
		for i := range data {
			out[i] = data[i] ^ key[i%2]
		}
		return fmt.Sprintf(`xor:"%x"`, key), out
	case 10:
		return "header_lowercase", bytes.ToLower(data)
	case 11:
		return "strip_pseudo_headers", data
	}
	n := 1 + g.IntN(5)
	return fmt.Sprintf(`pcrexform:"^.{%d}(.*)"`, n), data[min(n, len(data)):]
}
