package load_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store/memstore"
	"github.com/weft-sync/weft/server"
	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// weft runs our own server in this process.
func weft(t *testing.T) load.Target {
	t.Helper()
	store := memstore.New()
	docs, err := server.New(server.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(docs)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := docs.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return load.Target{
		Addr: strings.TrimPrefix(s.URL, "http://"), Wire: load.WireY,
		CPU: func() (time.Duration, error) { return process.OwnCPU(), nil },
	}
}

func check(t *testing.T, r load.Result, err error, sent uint64) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if r.Missing() != 0 || r.Repeated != 0 || r.Delivered == 0 || r.Sent != sent && sent != 0 {
		t.Errorf("sent %d, delivered %d, missing %d, repeated %d", r.Sent, r.Delivered, r.Missing(), r.Repeated)
	}
	if r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 || r.Frames == 0 {
		t.Errorf("latencies %v %v %v in %d frames", r.P50, r.P99, r.Max, r.Frames)
	}
}

func TestFanOut(t *testing.T) {
	target := weft(t)
	for _, together := range []bool{false, true} {
		r, err := load.FanOut(t.Context(), target, load.FanOutConfig{
			Room: fmt.Sprint("fan", together), Seed: 1, Members: 10, Writers: 3, Rate: 50, Duration: 200 * time.Millisecond, Together: together,
		})
		check(t, r, err, 30)
		if r.Expected != 30*9 {
			t.Errorf("%d deliveries expected, want %d", r.Expected, 30*9)
		}
	}
}

func TestSaturate(t *testing.T) {
	target := weft(t)
	for _, run := range []int{0, 1, 5} {
		r, err := load.Saturate(t.Context(), target, load.SaturateConfig{
			Room: fmt.Sprint("full", run), Seed: 1, Rooms: 2, Window: 16, Duration: 10 * time.Second, Count: 200, Run: run,
		})
		check(t, r, err, 4*200)
	}
}

func TestHold(t *testing.T) {
	closer, err := load.Hold(t.Context(), weft(t), load.HoldConfig{Room: "hold", Seed: 1, Members: 20, Rooms: 10})
	if err != nil {
		t.Fatal(err)
	}
	closer()
}

func TestNobodyListens(t *testing.T) {
	addr, err := process.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	target := load.Target{Addr: addr, CPU: func() (time.Duration, error) { return 0, nil }}
	if _, err := load.Hold(t.Context(), target, load.HoldConfig{Members: 3, Rooms: 1}); err == nil {
		t.Error("Hold joined a server that is not there")
	}
}
