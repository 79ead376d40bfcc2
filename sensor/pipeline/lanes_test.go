package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"spanwatch/decoders"
	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// dealt is a live source as a kernel would make it for one worker: those frames
// of a capture file whose address pair is its own, with quiet moments between.
type dealt struct {
	file    *capture.Files
	decoder *decoders.Decoder
	mine    uint64
	of      uint64
	quiet   bool
	closed  chan struct{}
}

func (d *dealt) Next(b *capture.Batch) error {
	if d.quiet = !d.quiet; d.quiet {
		b.Frames = b.Frames[:0]
		return nil
	}
	err := d.file.Next(b)
	kept := b.Frames[:0]
	for _, f := range b.Frames {
		var p decoders.Packet
		d.decoder.Decode(&f, &p)
		if flow.ShardHash(&p, 1)%d.of == d.mine {
			kept = append(kept, f)
		}
	}
	b.Frames = kept
	if errors.Is(err, io.EOF) {
		<-d.closed // a device does not end
		return capture.ErrClosed
	}
	return err
}

func (d *dealt) Stats() capture.Stats { return d.file.Stats() }

func (d *dealt) Close() error {
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return nil
}

// TestLanesAccountForEveryByte: with a source for each worker, as live capture
// has, nothing is lost between them, quiet links let time pass, and the end of
// the context ends the run.
func TestLanesAccountForEveryByte(t *testing.T) {
	const lanes = 3
	path := "../../testdata/pcap/office.pcapng"
	whole := replay(t, "", nil, path)
	var sources []capture.Source
	for i := range uint64(lanes) {
		file, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		decoder, err := decoders.NewDecoder(decoders.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &dealt{file: file, decoder: decoder, mine: i, of: lanes, closed: make(chan struct{})})
	}
	cfg := config.Default()
	cfg.Workers = lanes
	ruleset, report := signatures.Load(nil, signatures.Options{})
	var out bytes.Buffer
	p, err := New(Options{
		Config: cfg, Sources: sources, Ruleset: ruleset, Rules: report, Run: "test",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	v, want := p.State.View(), whole.view
	if packets, bytes := v.Balance(); packets != 0 || bytes != 0 {
		t.Errorf("%d packets and %d bytes are unexplained", packets, bytes)
	}
	if v.Front.Frames != want.Front.Frames || v.Front.Bytes != want.Front.Bytes {
		t.Errorf("%d frames of %d bytes, the capture has %d of %d", v.Front.Frames, v.Front.Bytes, want.Front.Frames, want.Front.Bytes)
	}
	if v.Traffic.Total != want.Traffic.Total {
		t.Errorf("the account has %+v, the replay's %+v", v.Traffic.Total, want.Traffic.Total)
	}
	// The capture lies in the past, so a quiet moment ends its flows early.
	if v.Work.Flow.Started < want.Work.Flow.Started {
		t.Errorf("%d flows, the replay has %d", v.Work.Flow.Started, want.Work.Flow.Started)
	}
	if !v.Final || v.Work.Flow.Active != 0 {
		t.Errorf("final %v, %d flows still active", v.Final, v.Work.Flow.Active)
	}
}

func TestSourcesMustFitTheWorkers(t *testing.T) {
	cfg := config.Default()
	cfg.Workers = 3
	ruleset, report := signatures.Load(nil, signatures.Options{})
	_, err := New(Options{Config: cfg, Sources: make([]capture.Source, 2), Ruleset: ruleset, Rules: report})
	if !errors.Is(err, ErrSources) {
		t.Errorf("got %v, want %v", err, ErrSources)
	}
}
