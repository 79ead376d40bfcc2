package kafkatest

import (
	"encoding/base64"
	"fmt"
	"time"
)

// UnsignedToken is a token for OAUTHBEARER that the SASL listener takes: a JSON
// web token without signature (RFC 7515, section A.5).
func UnsignedToken(user string, ends time.Time) string {
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	claims := fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, user, time.Now().Add(-time.Minute).Unix(), ends.Unix())
	return part(`{"alg":"none"}`) + "." + part(claims) + "."
}
