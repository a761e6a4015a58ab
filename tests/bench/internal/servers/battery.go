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

// seed draws client ids, phases and places; the same for every server.
const seed = 20260101

// Run measures all scenarios and returns their metrics.
//
// Rounds are interleaved (weft, y-websocket, hocuspocus, weft, …), and one
// server has the load to itself while it is measured. For the warm scenarios the
// three run through all rounds, each in rooms of its own, warmed up by a round
// that is not counted; for the cold ones, and for memory, every round starts a
// fresh process.
func Run(ctx context.Context, c Config) []report.Metric {
	b := battery{Config: c, rounds: 3, idle: 1}
	times := map[string]time.Duration{"fanout": 4 * time.Second, "together": 3 * time.Second, "saturation": 3 * time.Second}
	if c.Slow {
		b.rounds, b.idle = 7, 3
		times = map[string]time.Duration{"fanout": 10 * time.Second, "together": 10 * time.Second, "saturation": 8 * time.Second, "scattered": 8 * time.Second}
	}
	warm, cold := scenarios(times)
	b.warm(ctx, warm)
	b.cold(ctx, cold)
	var metrics []report.Metric
	for _, sc := range append(warm, cold...) {
		metrics = append(metrics, sc.metrics()...)
	}
	return append(metrics, b.memory(ctx)...)
}

type battery struct {
	Config
	rounds int
	idle   int // rounds of the memory scenario
}

// round is what a runner is told of the round it runs.
type round struct {
	target load.Target
	room   string
	seed   uint64
	time   time.Duration
}

// A scenario is run against one server at a time.
type scenario struct {
	name  string
	what  string // of the CPU metric
	asked float64
	time  time.Duration
	run   func(context.Context, round) (load.Result, error)

	// Results by server and round; an error ends a server's part in it.
	results map[string][]load.Result
	failed  map[string]error
}

// scenarios returns those that have a time, and the cold one.
func scenarios(times map[string]time.Duration) (warm, cold []*scenario) {
	fan := func(together bool) func(context.Context, round) (load.Result, error) {
		return func(ctx context.Context, r round) (load.Result, error) {
			return load.FanOut(ctx, r.target, load.FanOutConfig{
				Room: r.room, Seed: r.seed, Members: 100, Writers: 5, Rate: 20, Duration: r.time, Together: together,
			})
		}
	}
	full := func(count, run int) func(context.Context, round) (load.Result, error) {
		return func(ctx context.Context, r round) (load.Result, error) {
			return load.Saturate(ctx, r.target, load.SaturateConfig{
				Room: r.room, Seed: r.seed, Rooms: 4, Window: 64, Duration: r.time, Count: count, Run: run,
			})
		}
	}
	all := []*scenario{
		{
			name: "fanout", asked: 0.5, run: fan(false),
			what: "server CPU per delivered update: a room of 100, 5 of them typing 20 characters a second, each with a phase of its own",
		},
		{
			name: "together", asked: 0.5, run: fan(true),
			what: "the same with the 5 writers sending in the same instant",
		},
		{
			name: "saturation", asked: 0.2, run: full(0, 0),
			what: "server CPU per update carried: 4 rooms of 2, both writing with 64 updates outstanding",
		},
		{
			name: "scattered", asked: 0.2, run: full(0, 1),
			what: "the same with every character at another place of the text",
		},
	}
	for _, sc := range all {
		if sc.time = times[sc.name]; sc.time > 0 {
			warm = append(warm, sc)
		}
	}
	const count = 500
	cold = []*scenario{{
		name: "cold", asked: 0.2, run: full(count, 0), time: 30 * time.Second,
		what: fmt.Sprintf("saturation of a server that was just started: the first %d updates of every writer", count),
	}}
	for _, sc := range append(warm, cold...) {
		sc.results, sc.failed = map[string][]load.Result{}, map[string]error{}
	}
	return warm, cold
}

// warm runs scenarios against servers that live through all of them.
func (b *battery) warm(ctx context.Context, scenarios []*scenario) {
	var running []*server
	for _, k := range kinds(b.Root, b.Binary) {
		s, err := k.start(ctx)
		if err != nil {
			for _, sc := range scenarios {
				sc.fail(b.Log, k.name, err)
			}
			continue
		}
		defer s.stop()
		running = append(running, s)
	}
	for _, sc := range scenarios {
		for i := -1; i < b.rounds; i++ { // round -1 warms up
			for _, s := range running {
				b.round(ctx, sc, s, i)
			}
		}
	}
}

// cold runs scenarios against a fresh server each round.
func (b *battery) cold(ctx context.Context, scenarios []*scenario) {
	for _, sc := range scenarios {
		for i := range b.rounds {
			for _, k := range kinds(b.Root, b.Binary) {
				if sc.failed[k.name] != nil {
					continue
				}
				s, err := k.start(ctx)
				if err != nil {
					sc.fail(b.Log, k.name, err)
					continue
				}
				if err := pause(ctx, time.Second); err != nil {
					sc.fail(b.Log, k.name, err)
				}
				b.round(ctx, sc, s, i)
				s.stop()
			}
		}
	}
}

func (sc *scenario) fail(log io.Writer, server string, err error) {
	sc.failed[server] = err
	fmt.Fprintf(log, "%-10s %s: %v\n", sc.name, server, err)
}

// round runs a scenario once against one server; round -1 is not counted.
func (b *battery) round(ctx context.Context, sc *scenario, s *server, i int) {
	if sc.failed[s.name] != nil {
		return
	}
	d := sc.time
	if i < 0 {
		d = min(d, 2*time.Second)
	}
	limited, cancel := context.WithTimeout(ctx, d+45*time.Second)
	defer cancel()
	r, err := sc.run(limited, round{s.target, fmt.Sprintf("bench-%s-%d", sc.name, i+1), seed + uint64(i+1), d})
	if err == nil && r.Delivered == 0 {
		err = errors.New("nothing was delivered")
	}
	if err != nil {
		sc.fail(b.Log, s.name, fmt.Errorf("%w\n%s", err, s.child.Stderr()))
		return
	}
	fmt.Fprintf(b.Log, "%-10s round %d  %-12s %6.2f µs/delivery  p50 %-8v p99 %-8v max %-8v %7.0f updates/s  missing %d  %.2f deliveries/frame  load %.1f µs  late %v\n",
		sc.name, i+1, s.name, micros(r.ServerCPU)/float64(r.Delivered), r.P50, r.P99, r.Max,
		float64(r.Sent)/r.Elapsed.Seconds(), r.Missing(), float64(r.Delivered)/float64(r.Frames),
		micros(r.LoadCPU)/float64(r.Delivered), r.MaxLate.Round(time.Microsecond))
	if i >= 0 {
		sc.results[s.name] = append(sc.results[s.name], r)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
