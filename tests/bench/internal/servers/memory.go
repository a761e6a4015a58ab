package servers

import (
	"context"
	"fmt"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/process"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

const (
	// settle is how long a server is left alone before its memory is read.
	settle = 3 * time.Second
	// steady is how long it is watched for the second reading: two renewals of
	// every presence, in which each server has collected its garbage.
	steady = 40 * time.Second
)

const idleMembers = 1000

var idle = load.HoldConfig{Room: "bench-idle", Seed: seed, Members: idleMembers, Rooms: 500}

// memory measures what an idle connection costs, each time in a fresh process.
func (b *battery) memory(ctx context.Context) []report.Metric {
	conn := report.Metric{
		ID: "servers.idle.memory", Unit: "KB", Better: report.Lower,
		What:  "resident memory per idle connection over the empty server: 1000 connections, joined and present, in 500 rooms",
		Asked: report.AtMost(2.0/3, YWebsocket),
	}
	later := report.Metric{
		ID: "servers.idle.steady", Unit: "KB", Better: report.Lower,
		What: "the same after 40 seconds",
	}
	empty := report.Metric{
		ID: "servers.idle.empty", Unit: "MB", Better: report.Lower,
		What: "resident memory of the server before anybody connects",
	}
	for _, k := range kinds(b.Root, b.Binary) {
		var rounds [3][]float64
		var failed string
		for i := range b.idle {
			m, err := b.hold(ctx, k)
			if err != nil {
				failed = err.Error()
				fmt.Fprintf(b.Log, "idle %s: %v\n", k.name, err)
				break
			}
			per := func(m, empty process.Memory) float64 { return float64(m.RSS-empty.RSS) / 1e3 / idleMembers }
			rounds[0] = append(rounds[0], per(m.joined, m.empty))
			if b.Slow {
				rounds[1] = append(rounds[1], per(m.later, m.empty))
			}
			rounds[2] = append(rounds[2], float64(m.empty.RSS)/1e6)
			fmt.Fprintf(b.Log, "idle       round %d  %-12s %6.1f KB/connection (%.1f of it anonymous)  later %.1f KB  empty %.1f MB\n", i+1, k.name,
				rounds[0][i], float64(m.joined.Anon-m.empty.Anon)/1e3/idleMembers, report.Median(rounds[1]), rounds[2][i])
		}
		for i, m := range []*report.Metric{&conn, &later, &empty} {
			if k.name == Weft {
				m.Rounds, m.NotRun = rounds[i], failed
			} else {
				m.Peers = append(m.Peers, report.Peer{Name: k.name, Rounds: rounds[i], NotRun: failed})
			}
		}
	}
	parts, where := b.breakdown(ctx)
	conn.Note = where
	metrics := []report.Metric{conn, empty}
	if b.Slow {
		metrics = append(metrics, later)
	}
	metrics = append(metrics, parts...)
	for i := range metrics {
		metrics[i].Finish()
	}
	return metrics
}

// held is what a server held at three moments.
type held struct{ empty, joined, later process.Memory }

func (b *battery) hold(ctx context.Context, k kind) (h held, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s, err := k.start(ctx)
	if err != nil {
		return h, err
	}
	defer s.stop()
	if err := pause(ctx, settle); err != nil {
		return h, err
	}
	if h.empty, err = s.child.Memory(); err != nil {
		return h, err
	}
	closer, err := load.Hold(ctx, s.target, idle)
	if err != nil {
		return h, fmt.Errorf("%w\n%s", err, s.child.Stderr())
	}
	defer closer()
	if err := pause(ctx, settle); err != nil {
		return h, err
	}
	if h.joined, err = s.child.Memory(); err != nil || !b.Slow {
		return h, err
	}
	if err := pause(ctx, steady); err != nil {
		return h, err
	}
	h.later, err = s.child.Memory()
	return h, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
