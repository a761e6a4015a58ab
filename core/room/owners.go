package room

import "slices"

// owners says whose presence states go when a member leaves. The protocol has no
// such notion: any message may carry the state of any client, and y-websocket's
// clients send back every state they are told.
//
// A client belongs to the member that brought it into the room. When that one
// leaves, the state goes too, unless another member has written it last: that is
// the same client on a new connection, and the state is that member's now. An
// echo has an old clock, so it is not applied and is no writing.
//
// Only clients that have a state are in it, and only with members that have not
// left.
type owners struct {
	clients map[uint64]owner
}

type owner struct{ owner, writer *member }

// wrote notes that m has written the state of a client.
func (o *owners) wrote(client uint64, m *member) {
	was, ok := o.clients[client]
	switch {
	case !ok:
		if o.clients == nil {
			o.clients = make(map[uint64]owner)
		}
		o.clients[client] = owner{m, m}
	case was.writer != m:
		o.clients[client] = owner{was.owner, m}
	}
	m.present = true
}

// removed notes that a client has no state any more.
func (o *owners) removed(client uint64) { delete(o.clients, client) }

// left takes m out, and returns the clients that nobody owns any more, in
// ascending order.
func (o *owners) left(m *member) []uint64 {
	if !m.present {
		return nil
	}
	var orphans []uint64
	for client, c := range o.clients {
		switch {
		case c.owner == m && c.writer == m:
			delete(o.clients, client)
			orphans = append(orphans, client)
		case c.owner == m:
			o.clients[client] = owner{c.writer, c.writer}
		case c.writer == m:
			o.clients[client] = owner{c.owner, c.owner}
		}
	}
	slices.Sort(orphans)
	return orphans
}
