package provider

import "github.com/weft-sync/weft/core/codec"

// ledger knows which local edits a weft server has received and saved. Edits are
// counted as the application makes them; messages with updates are numbered for
// each connection, and the server acknowledges by those numbers.
//
// A message carries all edits made up to it, as long as every edit was in one. Edits
// that were made without a connection, or whose message was lost or refused, are
// adrift: later messages carry nothing for sure, until an answer to the server's
// state vector, a diff, has been sent, as that has everything.
type ledger struct {
	edits    uint64 // made so far
	taken    uint64 // how many there were when the last diff was taken
	received uint64 // the first so many are with the server
	saved    uint64 // the first so many are durable there
	adrift   bool
	over     bool // edits since the last diff was taken were dropped
	known    bool // a whole diff was saved: the document as it was opened, too

	// Of this connection.
	sent    uint64   // messages with updates
	records []record // ascending, of messages that are not saved
	acked   codec.Acknowledgement
	kept    []kept // ascending, of messages that are not received
	bytes   int    // of kept
}

// record says that the server has the first so many edits when it has a message.
type record struct {
	message uint64
	edits   uint64
	diff    bool // the message ends an answer to the server's state vector
}

// kept is an update that may be refused. It aliases the frame it was sent in.
type kept struct {
	message uint64
	update  []byte
}

// maxRecords bounds the records; past it the newest are joined, and their edits are
// counted together, with the last.
const maxRecords = 1024

// edit counts a local edit. carried: it is sent, or waits to be.
func (l *ledger) edit(carried bool) {
	l.edits++
	if !carried {
		l.lose()
	}
}

// lose notes that edits which waited were dropped: another diff will have them.
func (l *ledger) lose() { l.adrift, l.over = true, true }

// carrier says what a message with an update carries.
type carrier uint8

const (
	edits carrier = iota // the edits that were not sent yet
	part                 // a part of a diff: nothing that could be counted
	whole                // the last part of a diff, or all of it: every edit up to when it was taken
)

// take notes that a diff is taken now.
func (l *ledger) take() { l.taken, l.over = l.edits, false }

// send counts a message with an update that is on its way now.
func (l *ledger) send(u []byte, what carrier, limit int) {
	l.sent++
	r := record{l.sent, l.last(), what == whole}
	switch {
	case what == whole:
		// Edits after that wait behind it, unless there were too many.
		r.edits, l.adrift = max(r.edits, l.taken), l.over
	case what == edits && !l.adrift:
		r.edits = l.edits
	}
	if n := len(l.records); n == maxRecords {
		r.diff = r.diff || l.records[n-1].diff
		l.records[n-1] = r
	} else {
		l.records = append(l.records, r)
	}
	l.kept = append(l.kept, kept{l.sent, u})
	for l.bytes += len(u); l.bytes > limit && len(l.kept) > 0; {
		l.forget()
	}
}

// last returns how many edits the messages so far carry.
func (l *ledger) last() uint64 {
	if n := len(l.records); n > 0 {
		return l.records[n-1].edits
	}
	return max(l.received, l.saved)
}

// forget drops the oldest kept update.
func (l *ledger) forget() {
	l.bytes -= len(l.kept[0].update)
	l.kept[0] = kept{}
	l.kept = l.kept[1:]
}

// ack takes an acknowledgement, and reports whether it is one: counts only grow, up
// to what was sent.
func (l *ledger) ack(a codec.Acknowledgement) bool {
	if a.Received < l.acked.Received || a.Saved < l.acked.Saved || a.Received > l.sent {
		return false
	}
	l.acked = a
	for len(l.kept) > 0 && l.kept[0].message <= a.Received {
		l.forget()
	}
	n := 0
	for i, r := range l.records {
		if r.message <= a.Received {
			l.received = max(l.received, r.edits)
		}
		if r.message <= a.Saved {
			l.saved = max(l.saved, r.edits)
			l.known = l.known || r.diff
			n = i + 1
		}
	}
	l.records = l.records[:copy(l.records, l.records[n:])]
	return true
}

// refuse takes a refusal of a message, and returns the update that was in it, nil
// if that is not kept. Its edits are adrift, and so are those after them, which may
// need them. ok is false if no such message was sent.
func (l *ledger) refuse(message uint64) (u []byte, ok bool) {
	if message == 0 || message > l.sent {
		return nil, false
	}
	before := max(l.received, l.saved)
	for i := range l.records {
		r := &l.records[i]
		if r.message >= message {
			r.edits, r.diff = before, false
		}
		before = r.edits
	}
	l.lose()
	for _, k := range l.kept {
		if k.message == message {
			return k.update, true
		}
	}
	return nil, true
}

// disconnect forgets what is about the connection. What was received and not saved
// may have been lost with the server.
func (l *ledger) disconnect() {
	l.received = l.saved
	l.adrift = l.edits > l.saved || !l.known
	l.sent, l.acked, l.bytes = 0, codec.Acknowledgement{}, 0
	l.records = l.records[:0]
	clear(l.kept)
	l.kept = l.kept[:0]
}

// counts returns how many edits are not received, and not saved, and whether the
// whole document is saved.
func (l *ledger) counts() Counts {
	return Counts{Edits: l.edits, Unsynced: l.edits - l.received, Unsaved: l.edits - l.saved, Saved: l.known && !l.adrift && l.edits == l.saved}
}

// Counts is what became of the local edits, on servers that tell.
type Counts struct {
	Edits    uint64 // made since the provider was made, or since Rejoin
	Unsynced uint64 // edits that the server is not known to have
	Unsaved  uint64 // edits that are not known to be durable there
	Saved    bool   // every local edit is durable, and what the document held when it was joined
}
