package smb

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames: the record of NetBIOS, the message in it by version, and of each its
// header and what follows.
const (
	frameRecord app.FrameKind = iota + 1
	frameRecordHeader
	frameRecordData
	frameV1
	frameV1Header
	frameV1Data
	frameV2
	frameV2Header
	frameV2Data
	frameV3
	frameV3Header
	frameV3Data
)

// encryptedHeader is the length of the header before an encrypted message (MS-SMB2
// section 2.2.41).
const encryptedHeader = 52

var (
	_ app.Framed      = (*Parser)(nil)
	_ app.FrameMarker = (*State)(nil)
)

// FrameNames names the frames of SMB.
func (p *Parser) FrameNames() []string {
	return []string{
		"nbss.pdu", "nbss.hdr", "nbss.data", "smb1.pdu", "smb1.hdr", "smb1.data",
		"smb2.pdu", "smb2.hdr", "smb2.data", "smb3.pdu", "smb3.hdr", "smb3.data",
	}
}

// MarkFrames makes Parse mark frames in log.
func (s *State) MarkFrames(log *app.FrameLog) { s.frames = log }

// markFrames marks the record at the start of data, at behind the start of what is
// parsed, of which enough is there to tell the version.
func (s *State) markFrames(data []byte, at int, dir decoders.Direction) {
	if s.frames == nil || len(data) < recordHeader {
		return
	}
	length := recordLength(data)
	mark := func(first app.FrameKind, at, header, length int) {
		s.frames.Mark(dir, first, at, length)
		s.frames.Mark(dir, first+1, at, min(header, length))
		if length > header {
			s.frames.Mark(dir, first+2, at+header, length-header)
		}
	}
	mark(frameRecord, at, recordHeader, recordHeader+length)
	body := data[recordHeader:]
	switch {
	case data[0] != recordMessage:
	case bytes.HasPrefix(body, magicV1):
		mark(frameV1, at+recordHeader, headerV1, length)
	case bytes.HasPrefix(body, magicV2):
		mark(frameV2, at+recordHeader, headerV2, length)
	case bytes.HasPrefix(body, magicEncrypted):
		mark(frameV3, at+recordHeader, encryptedHeader, length)
	}
}
