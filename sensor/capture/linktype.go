package capture

import (
	"fmt"
	"strconv"

	"spanwatch/decoders"
)

// Handled reports whether decoders decodes frames of the link type.
func Handled(link decoders.LinkType) bool { return link.Decoded() }

// UnsupportedLinkError is returned for a capture whose frames no decoder takes.
type UnsupportedLinkError struct {
	Path string
	Link decoders.LinkType
}

func (e *UnsupportedLinkError) Error() string {
	return fmt.Sprintf("%s: frames of link type %s (%d) are not decoded", e.Path, LinkTypeName(e.Link), e.Link)
}

// LinkTypeName returns the name of a link type as in
// https://www.tcpdump.org/linktypes.html without its prefix LINKTYPE_, or the
// number in decimal if it is not one of the commonly seen.
func LinkTypeName(link decoders.LinkType) string {
	if int(link) < len(linkNames) && linkNames[link] != "" {
		return linkNames[link]
	}
	return strconv.Itoa(int(link))
}
