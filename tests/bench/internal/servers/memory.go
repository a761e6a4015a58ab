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
	idleMembers = 1000
	idleRooms   = 500
	// settle is how long a server is left alone before its memory is read.
	settle = 3 * time.Second
)

// memory measures what an idle connection costs, each time in a fresh process.
func (b *battery) memory(ctx context.Context) []report.Metric {
	perConn := report.Metric{
		ID: "servers.idle.memory", Unit: "KB", Better: report.Lower,
		What:  "resident memory per idle connection over the empty server: 1000 connections, joined and present, in 500 rooms",
		Asked: report.AtMost(2.0/3, YWebsocket),
	}
	empty := report.Metric{
		ID: "servers.idle.empty", Unit: "MB", Better: report.Lower,
		What: "resident memory of the server before anybody connects",
	}
	for _, k := range kinds(b.Root, b.Binary) {
		var per, base []float64
		var failed string
		for round := range b.idle {
			before, after, err := b.hold(ctx, k)
			if err != nil {
				failed = err.Error()
				fmt.Fprintf(b.Log, "idle %s: %v\n", k.name, err)
				break
			}
			per = append(per, float64(after.RSS-before.RSS)/1e3/idleMembers)
			base = append(base, float64(before.RSS)/1e6)
			fmt.Fprintf(b.Log, "%-16s round %d  %-12s %6.1f KB/connection (PSS %.1f, anonymous %.1f)  empty %.1f MB\n", "idle", round+1, k.name,
				per[round], float64(after.PSS-before.PSS)/1e3/idleMembers, float64(after.Anon-before.Anon)/1e3/idleMembers, base[round])
		}
		if k.name == Weft {
			perConn.Rounds, perConn.NotRun = per, failed
			empty.Rounds, empty.NotRun = base, failed
			continue
		}
		perConn.Peers = append(perConn.Peers, report.Peer{Name: k.name, Rounds: per, NotRun: failed})
		empty.Peers = append(empty.Peers, report.Peer{Name: k.name, Rounds: base, NotRun: failed})
	}
	perConn.Finish()
	empty.Finish()
	return []report.Metric{perConn, empty}
}

func (b *battery) hold(ctx context.Context, k kind) (before, after process.Memory, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := k.start(ctx)
	if err != nil {
		return before, after, err
	}
	defer s.stop()
	if err := pause(ctx, settle); err != nil {
		return before, after, err
	}
	if before, err = s.child.Memory(); err != nil {
		return before, after, err
	}
	closer, err := load.Hold(ctx, s.target, load.HoldConfig{Room: "bench-idle", Seed: seed, Members: idleMembers, Rooms: idleRooms})
	if err != nil {
		return before, after, fmt.Errorf("%w\n%s", err, s.child.Stderr())
	}
	defer closer()
	if err := pause(ctx, settle); err != nil {
		return before, after, err
	}
	after, err = s.child.Memory()
	return before, after, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
