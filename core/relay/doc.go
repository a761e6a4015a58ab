// Package relay is the broker between local connections, each about one document,
// and one upstream connection about all of them: the machine behind `weft relay`.
//
// It contains no goroutines, no I/O and no clock, and no document: it does not look
// into messages. A frame from a local connection goes to the other locals of the
// same document as it is, and upstream behind an ID message; a frame from upstream
// goes, without its ID, to all locals of the document that it names. The upstream
// is a server of ELVA's multi-document framing, such as `weft serve` at its path /.
// docs/relay.md says how it behaves, docs/wire/elva.md draws the bytes.
//
// The main type is [Relay]. One goroutine owns it, and drives it:
//
//	for event := range inbox {
//		deliver(r, event)                       // exactly one Handle… or command
//		for out, ok := r.Next(); ok; out, ok = r.Next() {
//			switch out.Kind {
//			case relay.Dial:       dial(out.Conn, out.Authorized) // later: HandleOpen, HandleRefused or HandleClose
//			case relay.Ping:       ping(out.Conn)                 // later: HandlePong
//			case relay.Close:      hangUp(out.Conn, out.Code)
//			case relay.CloseLocal: closeLocal(out.Local, out.Code, out.Reason) // and Leave
//			case relay.Changed:    tell(out.Status)
//			}
//		}
//		if frames := r.TakeUpstream(frames[:0]); len(frames) > 0 {
//			write(frames)                       // later: HandleUpstreamWritten
//		}
//		for _, l := range r.Ready() {
//			frames = r.Take(now, l, frames[:0])
//			writeLocal(l, frames)               // later: HandleWritten
//		}
//		wakeAt(r.NextWake())                    // then HandleTime
//	}
//
// # Nothing typed is lost
//
// What locals send while there is no upstream connection reaches the other locals
// and goes no further. When the upstream connection is there again, the relay sends
// a step 1 for each document that has locals, on their behalf: the server answers
// with everything it has, and with its own step 1, which each local answers with
// what the server lacks. The same repairs a document whose frames had to be dropped
// because the upstream did not take them fast enough.
//
// # Limits
//
// Each local connection has a queue of its own, bounded by Config.QueueLimit. One
// that does not read is closed when it is full, with [codec.Busy]; it comes back and
// syncs anew. The upstream's queue is bounded by Config.UpstreamLimit.
package relay
