package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/probe"
	"github.com/weft-sync/weft/tests/bench/internal/process"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// topSites is how many allocating functions the report names.
const topSites = 12

// breakdown says what an idle connection's memory is made of: the same load
// against the probe, which is our server with a window into itself.
func (b *battery) breakdown(ctx context.Context) (metrics []report.Metric, where string) {
	part := func(id, what string) report.Metric {
		return report.Metric{ID: "servers.idle." + id, What: what, Unit: "KB", Better: report.Lower}
	}
	metrics = []report.Metric{
		part("live", "of an idle connection: objects that are reachable"),
		part("garbage", "objects that are not, and heap held for objects to come"),
		part("stacks", "stacks of goroutines"),
		part("runtime", "the Go runtime's own"),
		{ID: "servers.idle.goroutines", What: "goroutines per idle connection", Better: report.Lower},
	}
	before, after, err := b.look(ctx)
	if err != nil {
		for i := range metrics {
			metrics[i].NotRun = err.Error()
		}
		fmt.Fprintf(b.Log, "idle probe: %v\n", err)
		return metrics, ""
	}
	per := func(a, b uint64) float64 { return (float64(b) - float64(a)) / idleMembers }
	for i, v := range []float64{
		per(before.Live, after.Live) / 1e3,
		per(before.Garbage+before.Spare, after.Garbage+after.Spare) / 1e3,
		per(before.Stacks, after.Stacks) / 1e3,
		per(before.Metadata, after.Metadata) / 1e3,
		per(before.Goroutines, after.Goroutines),
	} {
		metrics[i].Rounds = []float64{v}
	}

	was := map[string]probe.Site{}
	for _, s := range before.Sites {
		was[s.Func] = s
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, "where the live bytes of a connection are from, by allocating function and its caller:")
	for _, s := range after.Sites[:min(topSites, len(after.Sites))] {
		fmt.Fprintf(&lines, "\n  %6d B in %5.1f objects  %s", (s.Bytes-was[s.Func].Bytes)/idleMembers, float64(s.Objects-was[s.Func].Objects)/idleMembers, s.Func)
	}
	return metrics, lines.String()
}

func (b *battery) look(ctx context.Context) (before, after probe.Memory, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return before, after, err
	}
	k := kind{
		name: "probe", wire: load.WireY, needs: self,
		command: func(host, port, dir string) process.Command {
			return process.Command{Path: self, Args: []string{"probe", host + ":" + port, filepath.Join(dir, "data")}}
		},
	}
	s, err := k.start(ctx)
	if err != nil {
		return before, after, err
	}
	defer s.stop()
	if before, err = probe.Read(ctx, s.target.Addr); err != nil {
		return before, after, err
	}
	closer, err := load.Hold(ctx, s.target, idle)
	if err != nil {
		return before, after, err
	}
	defer closer()
	if err := pause(ctx, settle); err != nil {
		return before, after, err
	}
	after, err = probe.Read(ctx, s.target.Addr)
	return before, after, err
}
