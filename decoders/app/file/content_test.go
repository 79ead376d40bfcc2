package file

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestContentIsGivenOutOnce(t *testing.T) {
	c := Content{Dir: decoders.ToClient}
	c.Start([]byte("a.txt"), AllHashes)
	c.Append([]byte("first"))
	if p, ok := c.Stream(app.FileData.In(decoders.ToClient), 0); !ok || string(p.Data) != "first" || p.EOF {
		t.Errorf("piece %v %+v", ok, p)
	}
	if _, ok := c.Stream(app.FileData, 0); ok {
		t.Error("the file goes the other way too")
	}
	c.Inspected(decoders.ToServer)
	if p, _ := c.Stream(app.FileData.In(decoders.ToClient), 0); string(p.Data) != "first" {
		t.Errorf("inspection of the other direction takes it away: %q", p.Data)
	}
	c.Inspected(decoders.ToClient)
	c.Skip(10)
	c.Append([]byte("last"))
	c.Close()
	if p, _ := c.Stream(app.FileData.In(decoders.ToClient), 0); string(p.Data) != "last" || p.Offset != 15 || !p.EOF {
		t.Errorf("piece %+v", p)
	}
	if c.State != Truncated || c.Size != 19 {
		t.Errorf("state %v, size %d", c.State, c.Size)
	}
}

func TestContentThatNobodyInspectsIsBounded(t *testing.T) {
	var c Content
	c.Start([]byte("a"), 0)
	for _, n := range []int{100, maxPending - 50, 3 * maxPending} {
		c.Append(make([]byte, n))
	}
	p, _ := c.Stream(app.FileData, 0)
	if len(p.Data) != maxPending || p.Offset+maxPending != c.Size {
		t.Errorf("%d bytes from %d on of %d", len(p.Data), p.Offset, c.Size)
	}
	c.Clear()
	if cap(c.pending) > keptPending {
		t.Errorf("%d bytes are kept", cap(c.pending))
	}
}

func TestBytesThatWereHeldBackAreInspectedWhole(t *testing.T) {
	var c Content
	c.Start([]byte("a"), 0)
	c.Append([]byte("x"))
	for range 3 {
		c.AppendWaiting(make([]byte, maxPending))
	}
	c.Append([]byte("y"))
	p, _ := c.Stream(app.FileData, 0)
	if len(p.Data) != 3*maxPending+2 || p.Data[0] != 'x' {
		t.Errorf("%d bytes from %d on", len(p.Data), p.Offset)
	}
	c.Inspected(decoders.ToServer)
	c.Append(make([]byte, maxPending+1))
	if p, _ := c.Stream(app.FileData, 0); len(p.Data) != maxPending {
		t.Errorf("once they are inspected %d bytes wait", len(p.Data))
	}
}
