package file

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestHashesAreThoseOfTheContent(t *testing.T) {
	content := bytes.Repeat([]byte("all work and no play "), 500)
	m, s1, s2 := md5.Sum(content), sha1.Sum(content), sha256.Sum256(content)
	var f File
	for range 2 { // a File is used again
		f.Start([]byte("name.txt"), AllHashes)
		if _, ok := f.Hash(MD5); ok {
			t.Error("an open file has a hash")
		}
		f.Write(content[:7])
		f.Write(content[7:])
		f.Close()
		for h, want := range map[Hashes][]byte{MD5: m[:], SHA1: s1[:], SHA256: s2[:]} {
			if got, ok := f.Hash(h); !ok || string(got) != hex.EncodeToString(want) {
				t.Errorf("hash %d is %s, want %x", h, got, want)
			}
		}
		if f.Size != uint64(len(content)) || f.State != Closed || string(f.Name()) != "name.txt" || f.Gaps {
			t.Errorf("%+v", f)
		}
	}
}

func TestBytesBehindTheEndCountAsWell(t *testing.T) {
	var f File
	f.Start(nil, MD5)
	f.Write([]byte("ab"))
	f.Close()
	first, _ := f.Hash(MD5)
	before := string(first)
	f.Write([]byte("c"))
	want := md5.Sum([]byte("abc"))
	if got, ok := f.Hash(MD5); !ok || string(got) != hex.EncodeToString(want[:]) || string(got) == before || f.Size != 3 {
		t.Errorf("%s of %d bytes", got, f.Size)
	}
}

func TestWhatBecomesOfAFile(t *testing.T) {
	cases := []struct {
		name  string
		end   func(*File)
		state State
		text  string
		known Hashes
	}{
		{"a complete file has all hashes", (*File).Close, Closed, "CLOSED", AllHashes},
		{"a cut one has none", (*File).Truncate, Truncated, "TRUNCATED", 0},
		{"one with a gap has the SHA-256 of what was seen", func(f *File) { f.Gap(10); f.Write([]byte("z")); f.Close() }, Truncated, "TRUNCATED", SHA256},
		{"an open one has none", func(*File) {}, Open, "UNKNOWN", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var f File
			f.Start([]byte("x"), AllHashes)
			f.Write([]byte("content"))
			c.end(&f)
			if f.State != c.state || f.State.String() != c.text {
				t.Errorf("state %v", f.State)
			}
			for _, h := range []Hashes{MD5, SHA1, SHA256} {
				if _, ok := f.Hash(h); ok != (c.known&h != 0) {
					t.Errorf("hash %d known: %v", h, ok)
				}
			}
		})
	}
}

func TestOnlyTheHashesAskedForAreComputed(t *testing.T) {
	var f File
	f.Start(nil, SHA1)
	f.Write([]byte("x"))
	f.Close()
	if _, ok := f.Hash(MD5); ok {
		t.Error("md5 was not asked for")
	}
	if _, ok := f.Hash(SHA1); !ok {
		t.Error("sha1 was")
	}
}

func TestNamesAreBounded(t *testing.T) {
	var f File
	if f.Start(bytes.Repeat([]byte("n"), MaxName), 0) {
		t.Error("a name of the greatest length was cut")
	}
	if !f.Start(bytes.Repeat([]byte("n"), MaxName+1), 0) || len(f.Name()) != MaxName {
		t.Errorf("%d bytes of a name that is too long", len(f.Name()))
	}
}

func TestMagic(t *testing.T) {
	pe := make([]byte, 300)
	copy(pe, "MZ")
	pe[60] = 0x80
	copy(pe[0x80:], "PE\x00\x00\x4c\x01\x04\x00")
	pe[0x80+22+1] = 0x01
	pe[0x80+24], pe[0x80+25] = 0x0b, 0x01
	pe[0x80+24+48] = 4
	pe[0x80+24+68] = 2
	dll := bytes.Clone(pe)
	dll[0x80+23] = 0x21
	dll[0x80+24+1] = 0x02
	tar := make([]byte, 512)
	copy(tar[257:], "ustar\x0000")
	docx := append([]byte("PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x13\x00\x00\x00[Content_Types].xml"), "....word/document.xml"...)
	for _, c := range []struct{ in, want string }{
		{"", "empty"},
		{"%PDF-1.5\n%\xe2", "PDF document, version 1.5"},
		{string(pe), "PE32 executable for MS Windows 4.00 (GUI), Intel i386, 4 sections"},
		{string(dll), "PE32+ executable for MS Windows 4.00 (DLL), Intel i386, 4 sections"},
		{"MZ", "MS-DOS executable"},
		{"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00", "ELF 64-bit LSB executable, x86-64"},
		{"PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a", "Zip archive data, at least v2.0 to extract"},
		{string(docx), "Microsoft Word 2007+"},
		{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x20", "PNG image data, 16 x 32"},
		{"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", "JPEG image data, JFIF standard 1.01"},
		{"GIF89a\x01\x00\x02\x00", "GIF image data, version 89a, 1 x 2"},
		{"\x1f\x8b\x08", "gzip compressed data"},
		{"BZh9", "bzip2 compressed data, block size = 900k"},
		{"CWS\x09", "Macromedia Flash data (compressed), version 9"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x34", "compiled Java class data, version 52.0"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x02", "Mach-O universal binary with 2 architectures"},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Composite Document File V2 Document"},
		{string(tar), "POSIX tar archive"},
		{"RIFF\x00\x00\x00\x00WEBP", "RIFF (little-endian) data, Web/P image"},
		{"  <!DOCTYPE HTML>\n<html>", "HTML document, ASCII text"},
		{"<html>", "HTML document, ASCII text, with no line terminators"},
		{"<?xml version=\"1.0\"?>\r\n", "XML 1.0 document, ASCII text, with CRLF line terminators"},
		{"BMI is a number\n", "ASCII text"},
		{"caf\xc3\xa9\n", "UTF-8 Unicode text"},
		{"cut caf\xc3", "UTF-8 Unicode text, with no line terminators"},
		{"\x00\x01\x02\x03", "data"},
		{"\xff\xfe binary", "data"},
	} {
		if got := Magic([]byte(c.in)); got != c.want {
			t.Errorf("%.20q is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestMagicFollowsTheContent(t *testing.T) {
	var f File
	f.Start(nil, 0)
	f.Write([]byte("%PD"))
	before := f.Magic()
	f.Write([]byte("F-1.7 and so on"))
	if got := f.Magic(); got != "PDF document, version 1.7" || before == got {
		t.Errorf("%q, then %q", before, got)
	}
}

func TestFollowingAFileDoesNotAllocateOnceWarm(t *testing.T) {
	var p Pool
	name, content := []byte("name"), make([]byte, 3000)
	once := func() {
		f := p.Take()
		f.Start(name, AllHashes)
		f.Write(content)
		f.Close()
		f.Hash(MD5)
		f.Hash(SHA1)
		f.Hash(SHA256)
		p.Give(f)
	}
	once()
	if n := testing.AllocsPerRun(50, once); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzMagic(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Magic(b) == "" {
			t.Error("no description")
		}
	})
}
