// Package load drives collaboration servers with the traffic of many editors
// and counts what arrives.
//
// One program drives every server, so that what differs is the server: raw
// WebSocket connections that speak the bytes of y-protocols, framed as the
// server wants them ([Wire]). It keeps no Yjs document: what it sends are updates
// that Yjs itself could have sent, single characters typed one after another,
// and of what it receives it reads the client, clock and length of every
// struct. An update that a server merged with others counts as each of the
// characters in it.
//
// A delivery is one character at one member other than its author. Servers that
// echo to the sender (y-websocket, Hocuspocus) get no credit for the echoes and
// no blame but their cost.
//
// [FanOut], [Saturate] and [Hold] are the three scenarios. Each call uses rooms of
// its own and leaves no connection behind, [Hold] once its closer was called.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/process"
)

// A Target is a server under load.
type Target struct {
	Addr string // host:port
	Wire Wire
	// CPU returns the server's CPU time so far.
	CPU func() (time.Duration, error)
}

// A Result is what one round of a scenario measured.
type Result struct {
	Sent      uint64 // characters
	Expected  uint64 // deliveries there should be
	Delivered uint64
	Repeated  uint64 // deliveries of a character that was already there
	Frames    uint64 // frames that brought updates, to all members together

	Elapsed   time.Duration // from the first send to the last delivery
	ServerCPU time.Duration // over Elapsed and the rest that follows it
	LoadCPU   time.Duration // of the load program, over the same time
	MaxLate   time.Duration // longest that a scheduled send was behind its time

	P50, P99, Max time.Duration // from send to delivery
}

// Missing returns how many deliveries never came.
func (r Result) Missing() uint64 { return r.Expected - r.Delivered }

const (
	// drainLimit is how long a round waits for the last deliveries.
	drainLimit = 10 * time.Second
	// rest is how long the server's CPU time is counted on after the last
	// delivery, for work it put off: commits, timers, garbage collection.
	rest = 250 * time.Millisecond
)

// names draws client ids as Yjs does, 32 random bits, but from a seed.
func names(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x77656674)) }

func clientID(r *rand.Rand) uint64 { return uint64(r.Uint32N(1<<31)) + 1<<31 - 1 }

// a stopwatch measures CPU time on both sides of the wire.
type stopwatch struct {
	target Target
	server time.Duration
	load   time.Duration
	start  int64
}

func start(t Target) (stopwatch, error) {
	server, err := t.CPU()
	return stopwatch{target: t, server: server, load: process.OwnCPU(), start: now()}, err
}

// finish waits until everything has arrived and fills in the result.
func (s stopwatch) finish(ctx context.Context, members []*member, authors []*author, receivers uint64) (Result, error) {
	var r Result
	limit := time.NewTimer(drainLimit)
	defer limit.Stop()
wait:
	for _, a := range authors {
		for a.arrived.Load() < a.sent.Load()*receivers {
			select {
			case <-a.more:
			case <-limit.C:
				break wait
			case <-ctx.Done():
				return r, ctx.Err()
			}
		}
	}
	r.Elapsed = time.Duration(now() - s.start)
	if err := sleep(ctx, rest); err != nil {
		return r, err
	}
	server, err := s.target.CPU()
	if err != nil {
		return r, err
	}
	if server < s.server {
		return r, errors.New("load: the server's CPU time fell: a thread of it ended")
	}
	r.ServerCPU, r.LoadCPU = server-s.server, process.OwnCPU()-s.load

	for _, m := range members {
		select {
		case <-m.ended:
			return r, fmt.Errorf("load: the server closed a connection: %w", m.err)
		default:
		}
	}
	closeAll(members) // their counters are ours from here on
	var micros []uint32
	for _, a := range authors {
		r.Sent += a.sent.Load()
	}
	r.Expected = r.Sent * receivers
	for _, m := range members {
		r.Delivered += m.delivered
		r.Repeated += m.repeated
		r.Frames += m.frames
		micros = append(micros, m.micros...)
	}
	slices.Sort(micros)
	at := func(q float64) time.Duration {
		if len(micros) == 0 {
			return 0
		}
		return time.Duration(micros[int(q*float64(len(micros)-1)+0.5)]) * time.Microsecond
	}
	r.P50, r.P99, r.Max = at(0.50), at(0.99), at(1)
	return r, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
