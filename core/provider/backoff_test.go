package provider

import "testing"

// source returns the given values in turn, then the last one for ever.
func source(values ...uint64) func() uint64 {
	return func() uint64 {
		v := values[0]
		if len(values) > 1 {
			values = values[1:]
		}
		return v
	}
}

func TestBackoff(t *testing.T) {
	type step struct {
		syncedFor int64 // how long the connection lived after its sync; -1: it did not sync
		want      int64
	}
	failing := func(n int64) step { return step{-1, n} }
	for _, test := range []struct {
		name     string
		min, max int64
		rand     func() uint64
		steps    []step
	}{
		{"longest, no source", 100, 30_000, nil, []step{
			failing(200), failing(400), failing(800), failing(1600), failing(3200), failing(6400),
			failing(12_800), failing(25_600), failing(30_000), failing(30_000),
		}},
		{"shortest", 100, 30_000, source(0), []step{failing(100), failing(100), failing(100)}},
		{"jitter is over the whole range", 100, 30_000, source(100, 301, 701, 1501), []step{
			failing(200), failing(100), failing(100), failing(100),
		}},
		{"a sync starts over", 100, 30_000, nil, []step{
			failing(200), failing(400), failing(800), {settleTime, 200}, failing(400),
		}},
		{"a sync that does not hold does not", 100, 30_000, nil, []step{
			failing(200), failing(400), {settleTime - 1, 800}, {0, 1600}, {settleTime, 200}, {0, 400},
		}},
		{"min is max", 500, 500, source(7), []step{failing(500), failing(500)}},
		{"no whole number of doublings", 100, 2500, nil, []step{
			failing(200), failing(400), failing(800), failing(1600), failing(2500), failing(2500),
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := backoff{rand: test.rand, min: test.min, max: test.max}
			now := int64(0)
			for i, s := range test.steps {
				b.dialled()
				if s.syncedFor >= 0 {
					b.synced(now)
					if b.attempts != 0 {
						t.Errorf("step %d: %d attempts after a sync", i, b.attempts)
					}
					now += s.syncedFor
				}
				if got := b.failed(now); got != s.want {
					t.Errorf("step %d: %d ms, want %d", i, got, s.want)
				}
			}
		})
	}
}

// The bounds of the delay hold however long it fails.
func TestBackoffStaysInRange(t *testing.T) {
	v := uint64(1)
	b := backoff{min: 1, max: longest, rand: func() uint64 {
		v = v*6364136223846793005 + 1442695040888963407
		return v
	}}
	for range 1000 {
		b.dialled()
		if d := b.failed(0); d < 1 || d > longest {
			t.Fatalf("%d ms after %d failures", d, b.attempts)
		}
	}
}
