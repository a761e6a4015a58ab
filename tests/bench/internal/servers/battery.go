package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// Config says how long to measure.
type Config struct {
	Root   string // the project's folder
	Binary string // the weft binary
	Slow   bool
	Log    io.Writer // progress, a line a round
}

// Seed draws client ids and phases; the same for every server in a round.
const seed = 20260101

// Run measures all scenarios and returns their metrics.
//
// The three servers run through all rounds, warmed up by one that is not
// counted. Rounds are interleaved (ours, theirs, theirs, ours, …), each in rooms
// of its own, and one server has the machine to itself while it is measured.
// Memory is measured in fresh processes.
func Run(ctx context.Context, c Config) []report.Metric {
	b := battery{Config: c, rounds: 3, warm: 2 * time.Second, fan: 5 * time.Second, full: 3 * time.Second, idle: 1}
	if c.Slow {
		b.rounds, b.fan, b.full, b.idle = 7, 10*time.Second, 8*time.Second, 3
	}
	return append(b.traffic(ctx), b.memory(ctx)...)
}

type battery struct {
	Config
	rounds    int
	warm      time.Duration
	fan, full time.Duration
	idle      int
}

type runner func(ctx context.Context, t load.Target, room string, seed uint64, d time.Duration) (load.Result, error)

// a scenario is run against one server at a time.
type scenario struct {
	name string
	run  runner
	time time.Duration
	// results by server and round; an error ends a server's part in it.
	results map[string][]load.Result
	failed  map[string]error
}

func (b *battery) traffic(ctx context.Context) []report.Metric {
	fan := func(together bool) runner {
		return func(ctx context.Context, t load.Target, room string, seed uint64, d time.Duration) (load.Result, error) {
			return load.FanOut(ctx, t, load.FanOutConfig{
				Room: room, Seed: seed, Members: 100, Writers: 5, Rate: 20, Duration: d, Together: together,
			})
		}
	}
	full := func(run int) runner {
		return func(ctx context.Context, t load.Target, room string, seed uint64, d time.Duration) (load.Result, error) {
			return load.Saturate(ctx, t, load.SaturateConfig{Room: room, Seed: seed, Rooms: 4, Window: 64, Duration: d, Run: run})
		}
	}
	scenarios := []*scenario{
		{name: "fanout", run: fan(false), time: b.fan},
		{name: "saturation", run: full(0), time: b.full},
		{name: "scattered", run: full(1), time: b.full},
	}
	if b.Slow {
		scenarios = append(scenarios, &scenario{name: "fanout-together", run: fan(true), time: b.fan})
	}
	for _, s := range scenarios {
		s.results, s.failed = map[string][]load.Result{}, map[string]error{}
	}

	var running []*server
	for _, k := range kinds(b.Root, b.Binary) {
		s, err := k.start(ctx)
		if err != nil {
			fmt.Fprintf(b.Log, "%s: %v\n", k.name, err)
			for _, sc := range scenarios {
				sc.failed[k.name] = err
			}
			continue
		}
		defer s.stop()
		running = append(running, s)
	}
	for _, sc := range scenarios {
		for round := -1; round < b.rounds; round++ {
			for _, s := range running {
				b.round(ctx, sc, s, round)
			}
		}
	}
	var metrics []report.Metric
	for _, sc := range scenarios {
		metrics = append(metrics, sc.metrics()...)
	}
	return metrics
}

// round runs a scenario once against one server; round -1 warms up.
func (b *battery) round(ctx context.Context, sc *scenario, s *server, round int) {
	if sc.failed[s.name] != nil {
		return
	}
	d := sc.time
	if round < 0 {
		d = b.warm
	}
	limited, cancel := context.WithTimeout(ctx, d+45*time.Second)
	defer cancel()
	r, err := sc.run(limited, s.target, fmt.Sprintf("bench-%s-%d", sc.name, round+1), seed+uint64(round+1), d)
	if err == nil && r.Delivered == 0 {
		err = errors.New("nothing was delivered")
	}
	if err != nil {
		sc.failed[s.name] = fmt.Errorf("%w\n%s", err, s.child.Stderr())
		fmt.Fprintf(b.Log, "%s %s: %v\n", sc.name, s.name, sc.failed[s.name])
		return
	}
	fmt.Fprintf(b.Log, "%-16s round %d  %-12s %6.2f µs/delivery  p50 %-8v p99 %-8v max %-8v %7.0f updates/s  missing %d  %.2f deliveries/frame  load %.1f µs  late %v\n",
		sc.name, round+1, s.name, micros(r.ServerCPU)/float64(r.Delivered), r.P50, r.P99, r.Max,
		float64(r.Sent)/r.Elapsed.Seconds(), r.Missing(), float64(r.Delivered)/float64(r.Frames),
		micros(r.LoadCPU)/float64(r.Delivered), r.MaxLate.Round(time.Microsecond))
	if round >= 0 {
		sc.results[s.name] = append(sc.results[s.name], r)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
