package room

import (
	"errors"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
)

// handleNumbered handles an update of a member that is told what becomes of it. What
// is refused has no effect, and costs a message.
func (r *Room) handleNumbered(m *member, u, frame []byte, step2 bool) {
	a := &m.seat.account
	wasQuiet := !a.waits()
	if f, ok := r.refusal(m, u); !ok {
		r.stats.Refusals++
		a.refuse(f)
		r.listen(m)
		return
	}
	var err error
	if step2 {
		err = r.handleStep2(m, u)
	} else {
		err = r.handleUpdate(m, u, frame)
	}
	if err != nil {
		r.stats.Refusals++
		a.refuse(refusalOf(err))
		r.listen(m)
		return
	}
	seq := r.appended
	if !r.batch.empty() {
		seq++
	}
	if seq <= r.stored {
		seq = 0
	}
	if a.add(seq); wasQuiet && a.waits() {
		r.waiting = append(r.waiting, m)
	}
}

// refusal checks what can be checked before an update is applied.
func (r *Room) refusal(m *member, u []byte) (f codec.Refusal, ok bool) {
	l := &r.cfg.Limits
	if retry := m.seat.account.limit(r.now, len(u), l.Rate, l.Burst); retry > 0 {
		return codec.Refusal{Reason: codec.RateLimited, Retry: uint64(retry), Text: "too much at once"}, false
	}
	if l.Update > 0 && len(u) > l.Update {
		return codec.Refusal{Reason: codec.Oversized, Text: "the update is too large"}, false
	}
	full := l.Document > 0 && r.doc.Size()+len(u) > l.Document
	if !m.readOnly && !full {
		return f, true
	}
	// What brings nothing new is no writing, and takes no room.
	switch has, err := r.doc.Has(u); {
	case err != nil:
		return refusalOf(codec.Malformed("malformed update", err)), false
	case has:
		return f, true
	case m.readOnly:
		return codec.Refusal{Reason: codec.ReadOnly, Text: m.seat.access.Reason}, false
	}
	return codec.Refusal{Reason: codec.Quota, Text: "the document is as large as it may be"}, false
}

// refusalOf makes a refusal of the error that an update was refused with.
func refusalOf(err error) codec.Refusal {
	f := codec.Refusal{Reason: codec.Invalid, Text: "the update cannot be read"}
	if pe, ok := errors.AsType[*codec.PeerError](err); ok && pe.Code == codec.LimitExceeded {
		f.Reason, f.Text = codec.Quota, pe.Reason
	} else if le, ok := errors.AsType[*lib0.Error](err); ok {
		f.Text = "the update cannot be read: " + le.Reason.String()
	}
	return f
}

// settleAccounts tells the members that wait for it what is stored.
func (r *Room) settleAccounts() {
	waiting := r.waiting[:0]
	for _, m := range r.waiting {
		if m.phase == gone {
			continue
		}
		m.seat.account.stored(r.stored)
		r.activate(m)
		if m.seat.account.waits() {
			waiting = append(waiting, m)
		}
	}
	clear(r.waiting[len(waiting):])
	r.waiting = waiting
}

// AwaitsStored reports whether HandleStored would have something to tell a member,
// so that the host should not delay it.
func (r *Room) AwaitsStored() bool { return len(r.waiting) > 0 }
