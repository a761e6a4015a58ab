package coretest

import (
	"slices"

	"github.com/weft-sync/weft/core/codec"
)

// Network carries frames between named places, on a clock of its own. A connection
// keeps the order of its frames; different connections overtake each other. Frames
// are lost only together with their connection, as on TCP.
type Network struct {
	schedule
	rand  *Rand
	trace *Trace
	link  Link
	lines []*End // one end of each connection that is not over, the dialler's
	apart map[string]int
	slow  map[string]Link
	conns int
}

// Link says how connections behave. Times are in milliseconds.
type Link struct {
	// Each frame takes between Latency and Latency+Jitter.
	Latency, Jitter int64
	// Bandwidth is how many bytes a direction takes in a millisecond; 0 = no limit.
	Bandwidth int
}

// Endpoint is one side of a connection.
type Endpoint interface {
	// Opened tells that the connection is open at this side.
	Opened(e *End)
	// Received hands over a frame.
	Received(e *End, frame []byte)
	// Written tells that all frames that were sent before have left.
	Written(e *End)
	// Closed tells that the connection ended, other than by this side's Close; also
	// that it could not be opened.
	Closed(e *End, code codec.CloseCode)
}

// Listener accepts connections. It returns nil to refuse one.
type Listener interface {
	Accept(e *End) Endpoint
}

// End is one side of a connection.
type End struct {
	Place  string // where this side is
	Number int    // of the connection, from 1

	net   *Network
	other *End
	owner Endpoint

	over   bool    // Closed was called, or this side closed
	stuck  bool    // half-open: what is sent from here goes nowhere
	free   int64   // when the line to the other side is free
	latest int64   // when the last frame sent arrives at the other side
	unsent int     // frames that are not written
	held   []frame // not carried while the places are apart, in order
	early  int     // how many of held were on the way when the places parted
	sent   uint64  // frames sent from here
	due    uint64  // the number of the next one that the other side receives, from 0
	ahead  []frame // that came before it, as it was held back and they were not
}

type frame struct {
	bytes  []byte
	sum    uint64
	number uint64 // of its direction
}

// NewNetwork returns a network without connections.
func NewNetwork(rand *Rand, trace *Trace, link Link) *Network {
	return &Network{rand: rand, trace: trace, link: link, apart: map[string]int{}, slow: map[string]Link{}}
}

// Now returns the network's time, in milliseconds from its start.
func (n *Network) Now() int64 { return n.now }

// SetLink says how the connections of a place behave from now on.
func (n *Network) SetLink(place string, l Link) { n.slow[place] = l }

// linkOf returns how a connection behaves.
func (n *Network) linkOf(e *End) Link {
	if l, ok := n.slow[e.Place]; ok {
		return l
	}
	if l, ok := n.slow[e.other.Place]; ok {
		return l
	}
	return n.link
}

// delay draws how long a packet of a connection takes.
func (n *Network) delay(e *End) int64 {
	l := n.linkOf(e)
	return n.rand.Between(l.Latency, l.Latency+l.Jitter)
}

// Dial opens a connection to a listener, which may be nil where nobody listens.
// Opened or Closed tells the owner how it went, and neither does if the places are
// apart. The End is the owner's side.
func (n *Network) Dial(owner Endpoint, from, to string, l Listener) *End {
	n.conns++
	a := &End{Place: from, Number: n.conns, net: n, owner: owner}
	b := &End{Place: to, Number: n.conns, net: n, other: a}
	a.other = b
	n.lines = append(n.lines, a)
	n.after(n.delay(a), func() {
		switch {
		case a.over || n.separated(a):
			return
		case l != nil:
			b.owner = l.Accept(b)
		}
		if b.owner == nil {
			n.after(n.delay(a), func() { a.closed(1006) })
			return
		}
		n.after(n.delay(a), func() {
			if !a.over {
				a.owner.Opened(a)
			}
		})
	})
	return a
}

// Send puts frames on the line. Written is called when the last has left, unless
// the line is stuck. The frames must not change afterwards.
func (e *End) Send(frames ...[]byte) {
	n := e.net
	for _, b := range frames {
		e.unsent++
		f := frame{b, hash(fnvOffset, b), e.sent}
		e.sent++
		switch {
		case e.over || e.stuck:
		case n.separated(e):
			e.held = append(e.held, f)
		default:
			e.carry(f)
		}
	}
}

// carry takes a frame over the line.
func (e *End) carry(f frame) {
	n := e.net
	e.free = max(e.free, n.now)
	if width := n.linkOf(e).Bandwidth; width > 0 {
		e.free += int64(len(f.bytes)/width) + 1
	}
	e.latest = max(e.latest, e.free+n.delay(e))
	n.at(e.free, func() {
		if e.unsent--; e.unsent == 0 && !e.over && !e.stuck {
			e.owner.Written(e)
		}
	})
	n.at(e.latest, func() {
		switch {
		case e.stuck || e.other.over:
		case n.separated(e):
			e.held = slices.Insert(e.held, e.early, f)
			e.early++
			e.unsent++
		case hash(fnvOffset, f.bytes) != f.sum:
			panic("coretest: a frame was changed after it was sent from " + e.Place)
		case f.number != e.due:
			e.ahead = append(e.ahead, f)
		default:
			e.arrive(f)
		}
	})
}

// arrive hands over the frame that is due, and those that wait for it.
func (e *End) arrive(f frame) {
	e.due++
	e.other.owner.Received(e.other, f.bytes)
	for i, next := range e.ahead {
		if next.number == e.due && !e.other.over && !e.stuck {
			e.ahead = append(e.ahead[:i], e.ahead[i+1:]...)
			e.arrive(next)
			return
		}
	}
}

// Close ends the connection from this side: what was sent before still arrives.
func (e *End) Close(code codec.CloseCode) {
	if e.over {
		return
	}
	e.over = true
	n := e.net
	if o := e.other; !e.stuck && !n.separated(e) {
		n.at(max(e.latest, n.now+n.delay(e)), func() { o.closed(code) })
	} else {
		// The other side learns from the network, later or by its own timers.
		n.after(n.rand.Between(1000, 120_000), func() { o.closed(1006) })
	}
	n.forget(e)
}

// closed ends this side with a code.
func (e *End) closed(code codec.CloseCode) {
	if e.over {
		return
	}
	e.over = true
	e.net.forget(e)
	if e.owner != nil {
		e.owner.Closed(e, code)
	}
}

// forget drops a connection whose sides are both over, or whose dialler never got
// through.
func (n *Network) forget(e *End) {
	if !e.over || e.other.owner != nil && !e.other.over {
		return
	}
	for i, l := range n.lines {
		if l == e || l == e.other {
			n.lines = append(n.lines[:i], n.lines[i+1:]...)
			return
		}
	}
}

// Lines returns how many connections there are, in the mind of at least one side.
func (n *Network) Lines() int { return len(n.lines) }

// Dials returns how many connections were asked for.
func (n *Network) Dials() int { return n.conns }

// Cut breaks a connection, chosen at random: each side learns of it when its next
// packet would have come, and what was on the way is lost.
func (n *Network) Cut() {
	if e := n.pick(); e != nil {
		n.trace.line(n.now, e.Place, "cut").num("line", int64(e.Number)).end()
		e.breakLine()
	}
}

func (e *End) breakLine() {
	for _, side := range [2]*End{e, e.other} {
		side.stuck = true
		e.net.after(e.net.delay(e), func() { side.closed(1006) })
	}
}

// HalfOpen leaves a connection, chosen at random, open and dead: nothing that is
// sent from either side leaves any more, and nobody is told. (Where only one
// direction is lost, TCP's acknowledgements are lost with it, so this is the case
// there is.)
func (n *Network) HalfOpen() {
	if e := n.pick(); e != nil {
		n.trace.line(n.now, e.Place, "half-open").num("line", int64(e.Number)).end()
		e.stuck, e.other.stuck = true, true
	}
}

// BreakAt breaks all connections of a place, as the end of its process does.
func (n *Network) BreakAt(place string) {
	for _, e := range append([]*End(nil), n.lines...) {
		switch place {
		case e.Place:
			e.over = true
		case e.other.Place:
			e.other.over = true
		default:
			continue
		}
		e.breakLine()
		n.forget(e)
	}
}

// Part puts places into groups that cannot reach each other: what is sent between
// them is held back, and attempts to connect hang. Places that are not named are in
// group 0. Part(nil) heals, and what was held back arrives.
func (n *Network) Part(groups map[string]int) {
	n.trace.line(n.now, "network", "part").num("places", int64(len(groups))).end()
	n.apart = groups
	for _, e := range n.lines {
		for _, side := range [2]*End{e, e.other} {
			if n.separated(side) {
				continue
			}
			held := side.held
			side.held, side.early = nil, 0
			for _, f := range held {
				side.carry(f)
			}
		}
	}
}

func (n *Network) separated(e *End) bool { return n.apart[e.Place] != n.apart[e.other.Place] }

// pick returns a side of a random connection, nil if there is none.
func (n *Network) pick() *End {
	if len(n.lines) == 0 {
		return nil
	}
	e := n.lines[n.rand.Intn(len(n.lines))]
	if e.other.owner != nil && n.rand.Chance(500) {
		return e.other
	}
	return e
}
