package provider

import "github.com/weft-sync/weft/core/codec"

// codeTimeout is what a silent server is told when it is given up: HTTP's 408 in
// the range that pages may use. It means nothing to servers but a line in a log.
const codeTimeout codec.CloseCode = 4408

// emptyStateVector asks for everything: no clients.
var emptyStateVector = []byte{0}

// perform runs one action of the transition table.
func (p *Provider) perform(now int64, a action) {
	switch a {
	case dial:
		p.conn++
		if p.conn == Tabs {
			p.conn++
		}
		p.denied = false
		p.timers.clear()
		p.timers[dialTimer] = after(now, p.cfg.Timeout)
		p.backoff.dialled()
		p.weft.begin()
		p.elva = elva{framing: p.cfg.ELVA}
		p.weft.offered = p.cfg.Weft && p.cfg.ELVA == nil && (p.weft.met || !p.weft.legacy)
		p.out.push(Output{Kind: Dial, Conn: p.conn, Weft: p.weft.offered})
		p.tell(Connecting)

	case announce:
		if !p.cfg.Broadcast {
			return
		}
		p.tabs = true
		p.out.push(Output{Kind: AskStateVector, Conn: Tabs})
		p.out.push(Output{Kind: AskDiff, Conn: Tabs, Payload: emptyStateVector})
		p.out.push(Output{Kind: Broadcast, Payload: codec.EncodeY(codec.Message{Kind: codec.QueryAwareness})})
		p.out.push(Output{Kind: AskAwareness, Conn: Tabs})

	case greet:
		p.timers.clear()
		p.heard(now)
		p.timers[resyncTimer] = after(now, p.cfg.ResyncInterval)
		p.box.reset()
		p.tell(Connected)
		if p.weft.on && p.cfg.Token {
			p.out.push(Output{Kind: AskToken, Conn: p.conn})
			return
		}
		if p.elva.framing != nil {
			p.out.push(Output{Kind: AskStateVector, Conn: p.conn})
			p.out.push(Output{Kind: AskDiff, Conn: p.conn, Payload: emptyStateVector})
			p.out.push(Output{Kind: AskAwareness, Conn: p.conn})
			return
		}
		p.introduce()

	case settle:
		p.backoff.synced(now)
		p.synced = true
		p.relax()
		p.heard(now)
		p.out.push(Output{Kind: SyncedChanged, Synced: true})

	case leave:
		if p.status == Connected && (!p.weft.on || p.weft.joined) {
			p.relayHeld()
			p.sendHeld()
		}
		if len(p.bye) > 0 {
			m := codec.Message{Kind: codec.Awareness, Payload: p.bye}
			if p.status == Connected && (!p.weft.on || p.weft.joined) {
				p.say(m)
			}
			if p.tabs {
				p.out.push(Output{Kind: Broadcast, Payload: codec.EncodeY(m)})
			}
		}
		p.tabs = false

	case hangUp:
		p.out.push(Output{Kind: Close, Conn: p.conn, Code: p.code})

	case quit:
		p.out.push(Output{Kind: Close, Conn: p.conn, Code: codec.Normal})

	case down:
		p.timers.clear()
		p.box.reset()
		p.relay.reset()
		p.weft.disconnect()
		p.tellCounts()
		if p.synced {
			p.synced = false
			p.out.push(Output{Kind: SyncedChanged})
		}
		if p.status == Connected {
			p.out.push(Output{Kind: ClearAwareness})
		}
		if p.status != Disconnected {
			p.tell(Disconnected)
		}

	case bear:
		if !p.synced || p.box.writing {
			p.patience = min(p.patience+1, maxPatience)
		}

	case retry:
		p.timers.clear()
		delay := p.backoff.failed(now)
		if hint := p.weft.hint; hint > 0 {
			delay = min(hint, maxHint)
		}
		p.weft.hint = 0
		p.timers[retryTimer] = after(now, delay)

	case giveUp:
		p.wanted = false
		w := &p.weft
		o := Output{Kind: Refused, Conn: p.conn, Code: p.code, Text: w.text}
		if w.verdict != 0 {
			o = Output{Kind: w.verdict, Conn: p.conn, Denial: w.denial, Text: w.text}
		}
		w.verdict, w.denial, w.text = 0, 0, ""
		p.out.push(o)
	}
}

// maxHint is the longest that a server may ask to stay away, in milliseconds.
const maxHint = 10 * 60_000

// tell puts out a status. Connecting is told for each attempt, as y-websocket does.
func (p *Provider) tell(s Status) {
	p.status = s
	p.out.push(Output{Kind: StatusChanged, Status: s})
}

// heard notes a sign of life from the server.
func (p *Provider) heard(now int64) {
	p.timers[deadTimer] = never
	p.timers[probeTimer] = after(now, p.timeout()/2)
}

// maxPatience bounds the doublings of Config.Timeout: 16 times, 8 minutes.
const maxPatience = 4

// timeout returns how long the server may be silent. A message is heard when its
// last byte is here, so a large document on a slow line is a long silence, in either
// direction: a connection that ends in silence while a handshake or a write was
// under way gives the next one twice the time. Otherwise such a document would be
// sent again and again, and never get there.
func (p *Provider) timeout() int64 { return p.cfg.Timeout << p.patience }

// relax goes back to the normal timeout once all is said in both directions.
func (p *Provider) relax() {
	if p.synced && !p.box.writing {
		p.patience = 0
	}
}
