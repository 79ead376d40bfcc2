package file

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// signature is a type that has fixed bytes at a fixed place.
type signature struct {
	offset int
	bytes  string
	text   string
	// detail completes the text from the start of the file; nil for none.
	detail func(text string, b []byte) string
}

// signatures are the common types of the network, in the order in which they
// are tried, worded as libmagic 5.45 does. Where libmagic goes on with details
// that need more than the start of the file, the text ends before them.
var signatures = []signature{
	{0, "%PDF-", "PDF document, version ", pdfVersion},
	{0, "MZ", "MS-DOS executable", portableExecutable},
	{0, "\x7fELF", "ELF ", elf},
	{0, "\xca\xfe\xba\xbe", "", javaOrMach},
	{0, "\xfe\xed\xfa\xce", "Mach-O executable", nil},
	{0, "\xfe\xed\xfa\xcf", "Mach-O 64-bit executable", nil},
	{0, "\xce\xfa\xed\xfe", "Mach-O executable", nil},
	{0, "\xcf\xfa\xed\xfe", "Mach-O 64-bit executable", nil},
	{0, "dex\n", "Dalvik dex file version ", dexVersion},
	{0, "PK\x03\x04", "Zip archive data", zip},
	{0, "PK\x05\x06", "Zip archive data (empty)", nil},
	{0, "\x1f\x8b", "gzip compressed data", nil},
	{0, "BZh", "bzip2 compressed data, block size = ", bzip2},
	{0, "\xfd7zXZ\x00", "XZ compressed data", nil},
	{0, "7z\xbc\xaf\x27\x1c", "7-zip archive data, version ", sevenZip},
	{0, "Rar!\x1a\x07\x01\x00", "RAR archive data, v5", nil},
	{0, "Rar!\x1a\x07\x00", "RAR archive data, v4", nil},
	{0, "MSCF\x00\x00\x00\x00", "Microsoft Cabinet archive data", nil},
	{0, "\x28\xb5\x2f\xfd", "Zstandard compressed data", nil},
	{0, "\x04\x22\x4d\x18", "LZ4 compressed data (v1.4+)", nil},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Composite Document File V2 Document", nil},
	{0, "{\\rtf", "Rich Text Format data", nil},
	{0, "\x89PNG\x0d\x0a\x1a\x0a", "PNG image data", pngSize},
	{0, "\xff\xd8\xff", "JPEG image data", jpeg},
	{0, "GIF8", "GIF image data, version ", gif},
	{0, "BM", "", bitmap},
	{0, "II*\x00", "TIFF image data, little-endian", nil},
	{0, "MM\x00*", "TIFF image data, big-endian", nil},
	{0, "\x00\x00\x01\x00", "MS Windows icon resource", nil},
	{0, "RIFF", "RIFF (little-endian) data", riff},
	{0, "8BPS", "Adobe Photoshop Image", nil},
	{0, "wOFF", "Web Open Font Format", nil},
	{0, "wOF2", "Web Open Font Format (Version 2)", nil},
	{0, "FWS", "Macromedia Flash data, version ", flash},
	{0, "CWS", "Macromedia Flash data (compressed), version ", flash},
	{0, "ZWS", "Macromedia Flash data (lzma compressed), version ", flash},
	{0, "ID3", "Audio file with ID3 version 2.", id3},
	{0, "OggS", "Ogg data", nil},
	{0, "fLaC", "FLAC audio bitstream data", nil},
	{0, "FLV\x01", "Macromedia Flash Video", nil},
	{0, "\x1aE\xdf\xa3", "Matroska data", nil},
	{4, "ftyp", "ISO Media", nil},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Microsoft ASF", nil},
	{0, "SQLite format 3\x00", "SQLite 3.x database", nil},
	{0, "\xd4\xc3\xb2\xa1", "pcap capture file, microsecond ts (little-endian)", nil},
	{0, "\xa1\xb2\xc3\xd4", "pcap capture file, microsecond ts (big-endian)", nil},
	{0, "\x0a\x0d\x0d\x0a", "pcapng capture file", nil},
	{0, "!<arch>\ndebian", "Debian binary package (format 2.0)", nil},
	{0, "!<arch>\n", "current ar archive", nil},
	{0, "\xed\xab\xee\xdb", "RPM v3.0", nil},
	{0, "ITSF", "MS Windows HtmlHelp Data", nil},
	{0, "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "MS Windows shortcut", nil},
	{0, "\x00asm", "WebAssembly (wasm) binary module", nil},
	{0, "-----BEGIN CERTIFICATE-----", "PEM certificate", nil},
	{0, "-----BEGIN RSA PRIVATE KEY-----", "PEM RSA private key", nil},
	{257, "ustar\x0000", "POSIX tar archive", nil},
	{257, "ustar  \x00", "POSIX tar archive (GNU)", nil},
	{0, "<?xml version=", "XML 1.0 document", textKind},
	{0, "<?php", "PHP script", textKind},
	{0, "#!/bin/sh", "POSIX shell script", textKind},
	{0, "#!/bin/bash", "Bourne-Again shell script", textKind},
	{0, "#!/usr/bin/env python", "Python script", textKind},
	{0, "#!/usr/bin/perl", "Perl script", textKind},
}

// Magic describes the type of a file that starts with b: one of the common
// types, a kind of text, or "data". It is enough for rules that ask for
// documents, executables, archives and images; it is not libmagic.
func Magic(b []byte) string {
	if len(b) == 0 {
		return "empty"
	}
	for i := range signatures {
		s := &signatures[i]
		if len(b) < s.offset+len(s.bytes) || string(b[s.offset:s.offset+len(s.bytes)]) != s.bytes {
			continue
		}
		if s.detail == nil {
			return s.text
		}
		if text := s.detail(s.text, b); text != "" {
			return text
		}
	}
	if isHTML(b) {
		return textKind("HTML document", b)
	}
	return plain(b)
}

// isHTML looks for a tag at the start, behind spaces and a byte order mark.
func isHTML(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<script", "<iframe", "<table", "<h1"} {
		if len(b) >= len(tag) && string(bytes.ToLower(b[:len(tag)])) == tag {
			return true
		}
	}
	return false
}

// textKind completes the name of a text format with the kind of text.
func textKind(text string, b []byte) string { return text + ", " + plain(b) }

// plain tells kinds of text, and text from data.
func plain(b []byte) string {
	kind := "ASCII text"
	for _, c := range b {
		switch {
		case c >= utf8.RuneSelf:
			kind = "UTF-8 Unicode text"
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\b' && c != 0x1b && c != 7:
			return "data"
		}
	}
	if kind != "ASCII text" && !validStart(b) {
		return "data"
	}
	crlf, lf := bytes.Count(b, []byte("\r\n")), bytes.Count(b, []byte("\n"))
	switch {
	case lf == 0:
		return kind + ", with no line terminators"
	case crlf == lf:
		return kind + ", with CRLF line terminators"
	}
	return kind
}

// validStart reports whether b is UTF-8, but for a character cut at its end.
func validStart(b []byte) bool {
	for i := 0; i < utf8.UTFMax && i < len(b); i++ {
		if utf8.Valid(b[:len(b)-i]) {
			return true
		}
	}
	return false
}

// upTo returns the first bytes at offset that are digits or dots.
func upTo(b []byte, offset, most int) string {
	n := offset
	for n < len(b) && n < offset+most && (b[n] == '.' || b[n] >= '0' && b[n] <= '9') {
		n++
	}
	return string(b[min(offset, len(b)):n])
}

func pdfVersion(text string, b []byte) string { return text + upTo(b, 5, 3) }
func dexVersion(text string, b []byte) string { return text + upTo(b, 4, 3) }
func gif(text string, b []byte) string {
	if len(b) < 10 {
		return "GIF image data"
	}
	return text + string(b[3:6]) + ", " + itoa(binary.LittleEndian.Uint16(b[6:])) + " x " + itoa(binary.LittleEndian.Uint16(b[8:]))
}

func itoa[T uint8 | uint16 | uint32](n T) string { return strconv.FormatUint(uint64(n), 10) }

func byteAt(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

func bzip2(text string, b []byte) string {
	if c := byteAt(b, 3); c >= '1' && c <= '9' {
		return text + string(c) + "00k"
	}
	return ""
}

func sevenZip(text string, b []byte) string {
	return text + itoa(byteAt(b, 6)) + "." + itoa(byteAt(b, 7))
}

func flash(text string, b []byte) string { return text + itoa(byteAt(b, 3)) }

func id3(text string, b []byte) string { return text + itoa(byteAt(b, 3)) + "." + itoa(byteAt(b, 4)) }

func jpeg(text string, b []byte) string {
	if len(b) >= 13 && string(b[6:11]) == "JFIF\x00" {
		minor := itoa(b[12])
		if b[12] < 10 {
			minor = "0" + minor
		}
		return text + ", JFIF standard " + itoa(b[11]) + "." + minor
	}
	if len(b) >= 11 && string(b[6:10]) == "Exif" {
		return text + ", Exif standard"
	}
	return text
}

func pngSize(text string, b []byte) string {
	if len(b) < 24 || string(b[12:16]) != "IHDR" {
		return text
	}
	return text + ", " + itoa(binary.BigEndian.Uint32(b[16:])) + " x " + itoa(binary.BigEndian.Uint32(b[20:]))
}

// bitmap needs a second look: BM starts many a text.
func bitmap(_ string, b []byte) string {
	if len(b) < 18 || binary.LittleEndian.Uint16(b[14:]) != 40 {
		return ""
	}
	return "PC bitmap, Windows 3.x format"
}

func riff(text string, b []byte) string {
	if len(b) < 12 {
		return text
	}
	switch string(b[8:12]) {
	case "WEBP":
		return text + ", Web/P image"
	case "WAVE":
		return text + ", WAVE audio"
	case "AVI ":
		return text + ", AVI"
	}
	return text
}

// javaOrMach tells the two formats that share a number: small ones are counts
// of architectures, larger ones versions of class files.
func javaOrMach(_ string, b []byte) string {
	if len(b) < 8 {
		return ""
	}
	if n := binary.BigEndian.Uint32(b[4:]); n < 20 {
		return "Mach-O universal binary with " + itoa(n) + " architectures"
	}
	return "compiled Java class data, version " + itoa(binary.BigEndian.Uint16(b[6:])) + "." + itoa(binary.BigEndian.Uint16(b[4:]))
}

// zip tells the documents that are Zip archives by the name of the first entry.
func zip(text string, b []byte) string {
	if len(b) < 30 {
		return text
	}
	n := int(binary.LittleEndian.Uint16(b[26:]))
	name := string(b[30:min(len(b), 30+n)])
	rest := b[min(len(b), 30+n):]
	switch {
	case name == "[Content_Types].xml" || name == "_rels/.rels" || name == "docProps/app.xml":
		switch {
		case bytes.Contains(rest, []byte("word/")):
			return "Microsoft Word 2007+"
		case bytes.Contains(rest, []byte("xl/")):
			return "Microsoft Excel 2007+"
		case bytes.Contains(rest, []byte("ppt/")):
			return "Microsoft PowerPoint 2007+"
		}
		return "Microsoft OOXML"
	case name == "mimetype" && bytes.HasPrefix(rest, []byte("application/vnd.oasis.opendocument.")):
		return "OpenDocument"
	case name == "mimetype" && bytes.HasPrefix(rest, []byte("application/epub+zip")):
		return "EPUB document"
	case name == "AndroidManifest.xml":
		return "Android package (APK), with AndroidManifest.xml"
	case name == "META-INF/" || name == "META-INF/MANIFEST.MF":
		return "Java archive data (JAR)"
	}
	version := b[4]
	return text + ", at least v" + itoa(version/10) + "." + itoa(version%10) + " to extract"
}
