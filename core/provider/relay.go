package provider

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

// relayDelay is how long a change from another tab has to come back from the
// server, in milliseconds, before it is taken there.
const relayDelay = 2000

// relay is what other tabs changed and the server has not yet shown to have.
//
// Each tab has a connection of its own, so nearly always the server has a tab's
// change, or is about to. But a tab may be closed, or throttled in the background
// with its connection lost, before it could tell the server; then the change is on
// this tab's screen and nowhere else.
type relay struct {
	updates            [][]byte
	bytes              int
	over               bool         // updates were dropped: a diff takes their place
	structs, deletions update.IDSet // what the server sent meanwhile
}

func (r *relay) waits() bool { return len(r.updates) > 0 || r.over }

func (r *relay) reset() {
	clear(r.updates)
	*r = relay{updates: r.updates[:0]}
}

// Relay tells that an update which an Apply output brought from other tabs changed
// the document. If the server does not send the same within two seconds it gets it
// from here. To call it is optional; without it a change that only another tab had
// reaches the server with the next handshake of this one. u is that update, or the
// part of it that was new; ownership and errors are as for Update.
func (p *Provider) Relay(now int64, u []byte) error {
	now = p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	if err := update.Validate(u); err != nil {
		return codec.UsageError("provider: relayed update: " + err.Error())
	}
	r := &p.relay
	if !p.Connected() || r.over {
		return nil
	}
	if !r.waits() {
		p.timers[relayTimer] = now + relayDelay
	}
	if r.bytes+len(u) > p.cfg.QueueLimit {
		r.reset()
		r.over = true
		return nil
	}
	r.updates = append(r.updates, u)
	r.bytes += len(u)
	return nil
}

// confirm notes what the server has, while something waits for that.
func (r *relay) confirm(u []byte) {
	if len(r.updates) == 0 {
		return
	}
	if structs, deletions, err := update.Contents(u); err == nil {
		r.structs.Merge(structs)
		r.deletions.Merge(deletions)
	}
}

// confirmed reports whether the server has sent all that u has.
func (r *relay) confirmed(u []byte) bool {
	structs, deletions, err := update.Contents(u)
	return err == nil && covers(&r.structs, &structs) && covers(&r.deletions, &deletions)
}

func covers(all, part *update.IDSet) bool {
	for client, r := range part.All() {
		if !all.Covers(client, r.Start, r.End) {
			return false
		}
	}
	return true
}

// relayHeld hands what the server has not confirmed to the outbox.
func (p *Provider) relayHeld() {
	r := &p.relay
	for _, u := range r.updates {
		if !r.confirmed(u) {
			p.box.hold(u, p.cfg.QueueLimit)
		}
	}
	p.box.behind = p.box.behind || r.over
	r.reset()
}
