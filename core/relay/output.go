package relay

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/fanout"
)

// OutputKind says what the host is to do.
type OutputKind uint8

// The outputs; the comments name the fields of Output in use.
const (
	Dial       OutputKind = iota + 1 // Conn, Authorized: connect upstream, with credentials if Authorized
	Ping                             // Conn: ask the upstream for a sign of life
	Close                            // Conn, Code: end the connection, or the attempt
	CloseLocal                       // Local, Code, Reason: end a local connection, then Leave
	Changed                          // Status
)

var outputNames = [...]string{Dial: "dial", Ping: "ping", Close: "close", CloseLocal: "close local", Changed: "status"}

// String returns the kind in lower-case words.
func (k OutputKind) String() string {
	if int(k) >= len(outputNames) || outputNames[k] == "" {
		return "invalid"
	}
	return outputNames[k]
}

// Output is something for the host to do.
type Output struct {
	Kind       OutputKind
	Conn       uint32 // which attempt to connect upstream
	Authorized bool
	Local      Local
	Code       codec.CloseCode
	Reason     string
	Status     Status
}

// Next returns the next thing to do, in the order in which things must be done.
func (r *Relay) Next() (Output, bool) {
	for _, id := range r.hub.Overflowed() {
		r.out = append(r.out, Output{Kind: CloseLocal, Local: id, Code: codec.Busy, Reason: "the connection takes too little"})
	}
	if len(r.out) == r.outHead {
		r.out, r.outHead = r.out[:0], 0
		return Output{}, false
	}
	o := r.out[r.outHead]
	r.outHead++
	return o, true
}

// Local names a local connection. The host chooses it, and uses it once.
type Local = fanout.Member

// Ready returns the locals that have something to be sent and no write under way.
// The slice is valid until the next call.
func (r *Relay) Ready() []Local { return r.hub.Ready() }

// Take appends to frames what is to be written to a local. If that is anything, the
// local is not ready before HandleWritten. The frames are read-only: locals share
// them.
func (r *Relay) Take(now int64, id Local, frames [][]byte) [][]byte {
	return r.hub.Take(r.advance(now), id, frames)
}

// TakeUpstream appends to frames what is to be written to the upstream connection.
// If that is anything, there is nothing more before HandleUpstreamWritten.
func (r *Relay) TakeUpstream(frames [][]byte) [][]byte {
	if r.status != Connected {
		return frames
	}
	n := len(frames)
	frames = r.queue.Take(frames)
	r.stats.ToUpstream += uint64(len(frames) - n)
	return frames
}
