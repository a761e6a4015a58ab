package servers

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// TestPeersCarryTheLoad runs every server that is installed, so that the
// battery cannot rot between two benchmarks: each delivers everything.
func TestPeersCarryTheLoad(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds(root, filepath.Join(root, "bin", "weft")) {
		t.Run(k.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := k.start(ctx)
			if err != nil {
				t.Skip(err)
			}
			defer s.stop()
			fan, err := load.FanOut(ctx, s.target, load.FanOutConfig{
				Room: "fan", Seed: 1, Members: 8, Writers: 2, Rate: 50, Duration: 200 * time.Millisecond,
			})
			if err != nil || fan.Missing() != 0 || fan.Delivered != 2*10*7 {
				t.Errorf("fan-out: %d delivered, %d missing, %v", fan.Delivered, fan.Missing(), err)
			}
			full, err := load.Saturate(ctx, s.target, load.SaturateConfig{
				Room: "full", Seed: 1, Rooms: 2, Window: 16, Duration: 30 * time.Second, Count: 100, Run: 1,
			})
			if err != nil || full.Missing() != 0 || full.Delivered != 4*100 {
				t.Errorf("saturation: %d delivered, %d missing, %v", full.Delivered, full.Missing(), err)
			}
		})
	}
}

func TestMissingIsTheWorstNotTheMedian(t *testing.T) {
	sc := &scenario{name: "fanout", asked: 0.5, failed: map[string]error{Hocuspocus: io.EOF}, results: map[string][]load.Result{
		Weft: {
			{Sent: 1, Expected: 10, Delivered: 10, Frames: 10, Elapsed: time.Second, ServerCPU: 40 * time.Microsecond},
			{Sent: 1, Expected: 10, Delivered: 9, Frames: 9, Elapsed: time.Second, ServerCPU: 36 * time.Microsecond},
			{Sent: 1, Expected: 10, Delivered: 10, Frames: 10, Elapsed: time.Second, ServerCPU: 40 * time.Microsecond},
		},
		YWebsocket: slices.Repeat([]load.Result{{Sent: 1, Expected: 10, Delivered: 10, Frames: 10, Elapsed: time.Second, ServerCPU: 100 * time.Microsecond}}, 3),
	}}
	got := map[string]report.Metric{}
	for _, m := range sc.metrics() {
		got[m.ID] = m
	}
	if m := got["servers.fanout.missing"]; m.Value != 1 || m.Met == nil || *m.Met {
		t.Errorf("missing: %+v", m)
	}
	m := got["servers.fanout.cpu"]
	if m.Value != 4 || m.Peers[0].Ratio != 0.4 || m.Met == nil || !*m.Met {
		t.Errorf("cpu: %+v", m)
	}
	if m.Peers[1].NotRun == "" {
		t.Error("a peer that failed has no reason")
	}
}
