package provider

import (
	"bytes"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

// outbox is what waits for the write in progress on the current connection. It is
// state rather than a queue: each part holds the newest of its kind, so it stays
// small however long a write takes.
type outbox struct {
	writing  bool     // frames are on their way to the socket
	step1    bool     // our state vector is to be sent
	all      bool     // every presence state is to be sent
	diff     bool     // the server's state vector, sv, is to be answered
	behind   bool     // updates were dropped, sv is to be answered instead
	sv       []byte   // the server's last state vector; empty = not received
	updates  [][]byte // local updates, in order
	bytes    int      // of updates
	presence []byte   // local presence, merged
}

// reset is for a new connection: nothing waits. Buffers are kept.
func (b *outbox) reset() {
	b.writing, b.step1, b.all, b.diff, b.behind = false, false, false, false, false
	b.sv = b.sv[:0]
	b.drop()
	b.presence = nil
}

// hold keeps an update for later, which must be well formed. Past the limit the updates are dropped, and a
// diff against the server's state vector takes their place.
func (b *outbox) hold(u []byte, limit int) {
	if b.behind {
		return // it will be in the diff
	}
	if b.bytes+len(u) > limit {
		b.drop()
		b.behind = true
		return
	}
	b.updates = append(b.updates, u)
	b.bytes += len(u)
}

func (b *outbox) drop() {
	clear(b.updates)
	b.updates, b.bytes = b.updates[:0], 0
}

// send puts a frame out to the server.
func (p *Provider) send(f []byte) {
	p.box.writing = true
	p.out.push(Output{Kind: Send, Conn: p.conn, Payload: p.address(f)})
}

// post puts a message from the application out to the other tabs, and to the
// server unless a write is in progress. It reports false if the message must be
// held until that ends.
func (p *Provider) post(m codec.Message) bool {
	online := p.Connected()
	held := online && (p.box.writing || p.weft.on && !p.weft.joined)
	sends := online && !held
	var f []byte
	if p.tabs || sends && !p.weft.on {
		f = codec.EncodeY(m)
	}
	switch {
	case sends && p.weft.on:
		p.say(m)
	case sends:
		p.send(f)
	}
	if p.tabs {
		p.out.push(Output{Kind: Broadcast, Payload: f})
	}
	return !held
}

// askStep1 has our state vector sent to the server.
func (p *Provider) askStep1() {
	if p.box.writing {
		p.box.step1 = true
		return
	}
	p.out.push(Output{Kind: AskStateVector, Conn: p.conn})
}

// askDiff has the server's state vector answered. sv is only read.
func (p *Provider) askDiff(sv []byte) {
	p.box.sv = append(p.box.sv[:0], sv...)
	if p.box.writing {
		p.box.diff = true
		return
	}
	p.out.push(Output{Kind: AskDiff, Conn: p.conn, Payload: sv})
}

// askAll has all presence states sent to the server.
func (p *Provider) askAll() {
	if p.box.writing {
		p.box.all = true
		return
	}
	p.out.push(Output{Kind: AskAllAwareness, Conn: p.conn})
}

// flush lets go of all that waited for a write.
func (p *Provider) flush() {
	b := &p.box
	if p.weft.on && (!p.weft.joined || p.sendNextPart()) {
		return
	}
	if b.step1 {
		b.step1 = false
		p.out.push(Output{Kind: AskStateVector, Conn: p.conn})
	}
	if b.diff || b.behind {
		b.diff, b.behind = false, false
		b.drop()               // they are in the diff, which is taken now
		sv := emptyStateVector // the server has not asked: it gets all there is
		if len(b.sv) > 0 {
			sv = bytes.Clone(b.sv)
		}
		p.out.push(Output{Kind: AskDiff, Conn: p.conn, Payload: sv})
	}
	if b.all {
		b.all = false
		p.out.push(Output{Kind: AskAllAwareness, Conn: p.conn})
	}
	p.sendHeld()
}

// sendHeld sends the held updates, merged to one, and the held presence.
func (p *Provider) sendHeld() {
	b := &p.box
	if len(b.updates) > 0 {
		// Each was validated when it came, so merging cannot fail.
		if merged, err := update.Merge(b.updates...); err == nil {
			p.say(codec.Message{Kind: codec.SyncUpdate, Payload: merged})
		}
		b.drop()
	}
	if len(b.presence) > 0 {
		p.say(codec.Message{Kind: codec.Awareness, Payload: b.presence})
		b.presence = nil
	}
}
