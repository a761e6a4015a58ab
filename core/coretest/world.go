package coretest

import (
	"math"
	"slices"
)

// World is one simulation: a network, the peers and sites on it, and what went
// wrong. Everything in it happens on one goroutine, in an order that only the seed
// decides.
type World struct {
	Net   *Network
	Trace *Trace
	Rand  *Rand

	// Problems are violations of what must hold at any time, with when and where.
	Problems []string

	peers []*Peer
	sites []*Site
}

// maxProblems is how many problems are kept: the first ones tell.
const maxProblems = 20

// NewWorld returns an empty world. print, which may be nil, gets each line of the
// trace.
func NewWorld(seed uint64, link Link, print func(line []byte)) *World {
	w := &World{Trace: &Trace{Print: print}, Rand: NewRand(seed)}
	w.Net = NewNetwork(w.Rand.Fork(), w.Trace, link)
	return w
}

// Now returns the world's time, in milliseconds from its beginning.
func (w *World) Now() int64 { return w.Net.now }

// Peers returns the peers that have not left.
func (w *World) Peers() []*Peer { return w.peers }

// Run lets the given time pass.
func (w *World) Run(ms int64) {
	until := w.Net.now + ms
	for w.Net.step(until) {
	}
	w.Net.now = until
}

// Settle lets time pass until nothing is under way: all peers that want to be
// connected are synced, every document is the same as its site's, nothing waits to
// be written or stored, and all presence is known to all. It returns "" then, or
// what was still amiss when the given time had passed.
func (w *World) Settle(ms int64) string {
	const pause = 250
	amiss := "no time"
	for until := w.Net.now + ms; w.Net.now < until; {
		w.Run(pause)
		if amiss = w.unsettled(); amiss == "" {
			return ""
		}
	}
	return amiss
}

// unsettled says what is amiss, "" if nothing is. Cheap checks come first.
func (w *World) unsettled() string {
	for _, p := range w.peers {
		if why := p.unsettled(); why != "" {
			return p.Name + ": " + why
		}
	}
	for _, s := range w.sites {
		for _, r := range s.Rooms() {
			if why := r.unsettled(); why != "" {
				return s.Place + "/" + r.Document + ": " + why
			}
		}
	}
	return ""
}

// After plans a call for the given number of milliseconds from now.
func (w *World) After(ms int64, do func()) { w.Net.after(ms, do) }

// Problem notes a violation.
func (w *World) Problem(who, what string) {
	w.Trace.line(w.Net.now, who, "PROBLEM").str(what).end()
	if len(w.Problems) < maxProblems {
		w.Problems = append(w.Problems, string(w.Trace.buf))
	}
}

// Clock is a machine's idea of time: off by a constant, and fast or slow.
type Clock struct {
	Offset int64 // ms ahead
	PPM    int64 // parts per million fast
}

func (c Clock) local(world int64) int64 { return world + c.Offset + world*c.PPM/1_000_000 }

// world returns the first time in the world at which the clock shows at least the
// given time.
func (c Clock) world(local int64) int64 {
	if local == math.MaxInt64 {
		return local
	}
	t := (local - c.Offset) * 1_000_000 / (1_000_000 + c.PPM)
	for c.local(t) >= local {
		t--
	}
	for c.local(t) < local {
		t++
	}
	return t
}

// alarm is a machine's timer.
type alarm struct {
	at  int64 // in the world's time; what is planned for another time is void
	set bool
}

// set plans ring for the time that a machine's NextWake names, instead of what was
// planned before.
func (w *World) set(a *alarm, c Clock, wake int64, ring func()) {
	if wake == math.MaxInt64 {
		a.set = false
		return
	}
	at := max(c.world(wake), w.Net.now)
	if a.set && a.at == at {
		return
	}
	a.at, a.set = at, true
	w.Net.at(at, func() {
		if a.set && a.at == at {
			a.set = false
			ring()
		}
	})
}

// remove returns the slice without an item.
func remove[T comparable](s []T, item T) []T {
	if i := slices.Index(s, item); i >= 0 {
		return slices.Delete(s, i, i+1)
	}
	return s
}
