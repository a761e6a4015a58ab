package relay

import (
	"math"
	"slices"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/fanout"
)

const never = math.MaxInt64

// signOfLife is an awareness message without states.
var signOfLife = codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: []byte{0}})

// everything asks for all of a document: the step 1 of who has nothing.
var everything = codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}}

// Relay is the broker: a state machine. It is not safe for concurrent use. Make
// one with [New].
//
// It has four kinds of methods:
//
//   - Commands: Start, and Stop, after which it does nothing more.
//   - From the network and the system: Join, HandleFrame, HandleWritten and Leave
//     about locals; HandleOpen, HandleRefused, HandleUpstream,
//     HandleUpstreamWritten, HandlePong and HandleClose about the upstream;
//     HandleTime. Those about a connection that is gone do nothing.
//   - Outputs: Next until there is no more, then TakeUpstream, then Ready and a
//     Take for each local in it, then NextWake. The package comment shows the loop.
//   - Getters: Status, Stats.
//
// now is the time in milliseconds of the host's monotonic clock.
type Relay struct {
	cfg Config
	now int64
	hub *fanout.Hub

	// The upstream connection.
	status     Status
	conn       uint32         // the number of the latest attempt
	authorized bool           // it goes with credentials
	framing    *codec.Framing // of the connection
	heard      bool           // it has said something that could be read
	pinged     bool           // a sign of life is awaited
	wakeAt     int64          // when the status's time is over
	failures   int            // attempts in a row that came to nothing

	queue fanout.Queue
	shed  map[string]bool // documents that frames were dropped of, to be asked about

	out     []Output
	outHead int
	stats   Stats
}

// New returns a relay that is stopped and has no locals.
func New(cfg Config) *Relay {
	cfg = cfg.withDefaults()
	return &Relay{
		cfg:    cfg,
		hub:    fanout.New(fanout.Config{QueueLimit: cfg.QueueLimit, Keepalive: cfg.Keepalive, SignOfLife: signOfLife}),
		wakeAt: never,
		shed:   make(map[string]bool),
	}
}

// Start connects upstream, now and again whenever the connection is lost.
func (r *Relay) Start(now int64) { r.fire(r.advance(now), start) }

// Stop ends the upstream connection. The locals are the host's to close.
func (r *Relay) Stop(now int64) { r.fire(r.advance(now), stop) }

// Join adds a local connection for a document; id is not 0. It panics with a
// codec.UsageError if the local is there already.
func (r *Relay) Join(now int64, id Local, document string) {
	// It will speak for itself: every client opens with a step 1.
	r.hub.Join(r.advance(now), id, document)
}

// Leave removes a local connection.
func (r *Relay) Leave(now int64, id Local) {
	r.advance(now)
	if document, ok := r.hub.Group(id); ok && r.hub.Leave(id) {
		delete(r.shed, document)
	}
}

// HandleFrame passes on a frame from a local, whatever it is. The relay takes
// ownership of the frame.
func (r *Relay) HandleFrame(now int64, id Local, frame []byte) {
	r.advance(now)
	document, ok := r.hub.Group(id)
	if !ok {
		return
	}
	r.stats.FromLocals++
	r.hub.Send(document, id, frame)
	if r.status != Connected {
		r.stats.Offline++
		return
	}
	f := make([]byte, 0, r.framing.SizeID(document)+len(frame))
	r.send(document, append(r.framing.AppendID(f, document), frame...))
}

// send queues a frame for the upstream. If there is no room it is dropped, and what
// follows for its document too, until the document is asked about. What is queued
// already still goes: so each time that locals answer with more than there is room
// for, at least one answer gets through, and the next are shorter.
func (r *Relay) send(document string, frame []byte) {
	if r.shed[document] || !r.queue.Push(frame, r.cfg.UpstreamLimit) {
		r.shed[document] = true
		r.stats.Shed++
	}
}

// HandleWritten tells that what was last taken for a local is with its socket.
func (r *Relay) HandleWritten(now int64, id Local) {
	r.advance(now)
	r.hub.HandleWritten(id)
}

// HandleUpstreamWritten tells that what was last taken for the upstream is with
// its socket.
func (r *Relay) HandleUpstreamWritten(now int64, conn uint32) {
	r.advance(now)
	if conn != r.conn || r.status != Connected {
		return
	}
	r.queue.Written()
	if len(r.shed) > 0 && r.queue.Bytes() == 0 {
		r.askAll(r.shed)
	}
}

// askAll queues a step 1 for each of some documents, in order of their names, and
// nothing is shed any more. They are small, so the queue's limit does not count.
func (r *Relay) askAll(documents map[string]bool) {
	names := make([]string, 0, len(documents))
	for d := range documents {
		names = append(names, d)
	}
	slices.Sort(names)
	clear(r.shed)
	for _, d := range names {
		f := r.framing.Append(r.framing.AppendID(nil, d), everything)
		r.queue.Push(f, math.MaxInt)
		r.stats.Asked++
	}
}

// HandleTime tells the time. It should come at NextWake, and may come at any time.
func (r *Relay) HandleTime(now int64) {
	now = r.advance(now)
	r.hub.HandleTime(now)
	if now < r.wakeAt {
		return
	}
	if r.status == Connected && !r.pinged {
		r.pinged = true
		r.wakeAt = now + r.cfg.Timeout/2
		r.out = append(r.out, Output{Kind: Ping, Conn: r.conn})
		return
	}
	r.fire(now, expired)
}

// NextWake returns when HandleTime has something to do, at the earliest, or
// math.MaxInt64. It may change after every other method.
func (r *Relay) NextWake() int64 { return min(r.wakeAt, r.hub.NextWake()) }

// Status returns what the upstream connection is doing.
func (r *Relay) Status() Status { return r.status }

// Stats returns what the relay has done and what it holds.
func (r *Relay) Stats() Stats {
	s, h := r.stats, r.hub.Stats()
	s.Status, s.Locals, s.Documents = r.status, h.Members, h.Groups
	s.Queued, s.Upstream = h.QueueBytes, r.queue.Bytes()
	s.ToLocals, s.Dropped, s.Closed = h.Sent, h.Dropped, h.Overflowed
	return s
}

// advance notes the time. A clock that goes back stands still here.
func (r *Relay) advance(now int64) int64 {
	r.now = max(r.now, now)
	return r.now
}
