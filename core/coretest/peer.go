package coretest

import (
	"strconv"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/provider"
)

// Peer is a person with a document open: a provider, and the host that drives it.
type Peer struct {
	Name     string
	Document string // its name
	Provider *provider.Provider
	Doc      *Document
	Presence *awareness.States
	Clock    Clock

	// Refusals counts the times that the server closed for good, Losses those that it
	// or the network closed otherwise, Dials the attempts to connect.
	Refusals, Losses, Dials int

	// Of servers that speak weft.v1: updates refused, and times that the stored
	// document was of another history.
	Rejected, Diverged int

	edits [][]byte // made since the provider counts them
	saved int      // the first so many were reported saved

	// Saved counts the edits that were reported saved, since the beginning.
	Saved int
	guest bool

	world *World
	site  *Site
	tabs  *Channel
	call  *call
	alarm alarm // of the provider
	pulse alarm // of the presence
	busy  bool
	left  bool
}

// call is a Peer's side of one connection.
type call struct {
	p    *Peer
	conn uint32
	weft bool
	end  *End
}

// PeerConfig is how a Peer is made. World, Site and Document are required.
type PeerConfig struct {
	Name     string
	Client   uint64
	Site     *Site
	Document string
	Clock    Clock
	Provider provider.Config
	Tabs     *Channel // other tabs of the same browser, if not nil
	Weft     bool     // offers weft.v1, with its name as its token
	Guest    bool     // may not write: what it edits must stay with it
}

// AddPeer adds a peer that is not connected yet.
func (w *World) AddPeer(cfg PeerConfig) *Peer {
	rand := w.Rand.Fork()
	cfg.Provider.Rand = rand.Fork().Uint64
	cfg.Provider.Broadcast = cfg.Tabs != nil
	cfg.Provider.Weft, cfg.Provider.Token, cfg.Provider.Document = cfg.Weft, cfg.Weft, cfg.Document
	p := &Peer{
		Name: cfg.Name, Provider: provider.New(cfg.Provider), Doc: NewDocument(cfg.Client, rand),
		Presence: awareness.New(awareness.Limits{}), Clock: cfg.Clock,
		world: w, site: cfg.Site, Document: cfg.Document, tabs: cfg.Tabs, guest: cfg.Guest,
	}
	if p.tabs != nil {
		p.tabs.peers = append(p.tabs.peers, p)
	}
	w.peers = append(w.peers, p)
	p.setPresence()
	return p
}

func (p *Peer) now() int64 { return p.Clock.local(p.world.Net.now) }

func (p *Peer) log(what string) *Trace { return p.world.Trace.line(p.world.Net.now, p.Name, what) }

// Connect asks for a connection.
func (p *Peer) Connect() {
	p.log("connect").end()
	p.must(p.Provider.Connect(p.now()))
	p.drain()
}

// Disconnect ends the connection, with a farewell.
func (p *Peer) Disconnect() {
	p.log("disconnect").end()
	p.must(p.Provider.Disconnect(p.now(), p.farewell()))
	p.drain()
}

// Leave closes the document for good.
func (p *Peer) Leave() {
	p.log("leave").end()
	p.Provider.Destroy(p.now(), p.farewell())
	p.left = true
	p.drain()
	p.world.peers = remove(p.world.peers, p)
	if p.tabs != nil {
		p.tabs.peers = remove(p.tabs.peers, p)
	}
}

// farewell is the presence update that removes the local client: its clock, null.
func (p *Peer) farewell() []byte {
	state, clock, ok := p.Presence.State(p.Doc.Client)
	if !ok || state == nil {
		return nil
	}
	b := lib0.AppendUint(nil, 1)
	b = lib0.AppendUint(b, p.Doc.Client)
	b = lib0.AppendUint(b, clock)
	return lib0.AppendString(b, "null")
}

// Edit makes an edit.
func (p *Peer) Edit() {
	u := p.Doc.Edit()
	p.log("edit").data(u).end()
	if p.Provider.State() != provider.Destroyed {
		p.edits = append(p.edits, append([]byte(nil), u...))
	}
	p.must(p.Provider.Update(p.now(), u))
	p.drain()
}

// Move changes the local presence.
func (p *Peer) Move() {
	p.setPresence()
	p.log("move").end()
	p.must(p.Provider.Awareness(p.now(), p.Presence.Encode([]uint64{p.Doc.Client})))
	p.drain()
}

// setPresence gives the local client a newer clock, and a state that names it.
func (p *Peer) setPresence() {
	state := strconv.AppendUint([]byte(`{"cursor":`), p.Doc.clock, 10)
	if _, err := p.Presence.SetLocal(p.now(), p.Doc.Client, append(state, '}')); err != nil {
		p.world.Problem(p.Name, err.Error())
	}
}

// tick is the provider's timer.
func (p *Peer) tick() {
	p.Provider.HandleTime(p.now())
	p.drain()
}

// beat is the timer of the presence: others expire, the local one is renewed, and
// only that is told, as each peer sees others expire for itself.
func (p *Peer) beat() {
	for _, client := range p.Presence.Expire(p.now()).Updated {
		if client == p.Doc.Client {
			p.must(p.Provider.Awareness(p.now(), p.Presence.Encode([]uint64{client})))
		}
	}
	p.drain()
}

// drain performs the provider's outputs.
func (p *Peer) drain() {
	if p.busy {
		p.world.Problem(p.Name, "drained while it is drained")
		return
	}
	p.busy = true
	for o, ok := p.Provider.Next(); ok; o, ok = p.Provider.Next() {
		p.log(o.Kind.String()).num("conn", int64(o.Conn)).num("code", int64(o.Code)).
			num("status", int64(o.Status)).data(o.Payload).end()
		p.perform(o)
	}
	p.busy = false
	if p.left {
		p.alarm.set, p.pulse.set = false, false
		return
	}
	p.world.set(&p.alarm, p.Clock, p.Provider.NextWake(), p.tick)
	p.world.set(&p.pulse, p.Clock, p.Presence.NextWake(), p.beat)
}

func (p *Peer) perform(o provider.Output) {
	switch o.Kind {
	case provider.Dial:
		p.Dials++
		c := &call{p: p, conn: o.Conn, weft: o.Weft}
		p.call = c
		c.end = p.world.Net.Dial(c, p.Name, p.site.Place, p.site.door(p, o.Weft))
	case provider.Close, provider.Send:
		if p.call == nil || p.call.conn != o.Conn {
			p.world.Problem(p.Name, o.Kind.String()+" to a connection that is gone")
			return
		}
		if o.Kind == provider.Send {
			p.call.end.Send(o.Payload)
			return
		}
		p.call.end.Close(o.Code)
		p.call = nil
	case provider.Broadcast:
		p.tabs.post(p, o.Payload)
	case provider.AskStateVector:
		p.Provider.HandleStateVector(p.now(), o.Conn, p.Doc.StateVector())
	case provider.AskDiff:
		u, err := p.Doc.Diff(o.Payload)
		p.must(err)
		p.Provider.HandleDiff(p.now(), o.Conn, u)
	case provider.AskAwareness:
		p.setPresence()
		p.Provider.HandleAwareness(p.now(), o.Conn, p.Presence.Encode([]uint64{p.Doc.Client}))
	case provider.AskAllAwareness:
		p.Provider.HandleAwareness(p.now(), o.Conn, p.Presence.EncodeAll())
	case provider.Apply:
		// The document keeps the bytes; the frame belongs to whoever sent it.
		u := append([]byte(nil), o.Payload...)
		fresh, err := p.Doc.Apply(u)
		p.must(err)
		if fresh && o.Conn == provider.Tabs {
			p.must(p.Provider.Relay(p.now(), u))
		}
	case provider.ApplyAwareness:
		change, err := p.Presence.Apply(p.now(), o.Payload)
		p.must(err)
		for _, client := range change.Updated {
			// Somebody's removal of us was answered with a newer clock: tell.
			if client == p.Doc.Client {
				p.must(p.Provider.Awareness(p.now(), p.Presence.Encode([]uint64{client})))
			}
		}
	case provider.ClearAwareness:
		p.Presence.ForgetOthers()
	case provider.AskToken:
		p.Provider.HandleToken(p.now(), o.Conn, p.Name)
	case provider.CountsChanged:
		p.checkSaved(o.Counts)
	case provider.Rejected:
		p.Rejected++
	case provider.Diverged:
		p.Diverged++
	case provider.Refused, provider.AuthFailed:
		p.Refusals++
	}
}

// Rejoin wants the document that is stored, whatever history this one is of.
func (p *Peer) Rejoin() {
	p.log("rejoin").end()
	p.edits, p.saved = nil, 0
	p.must(p.Provider.Rejoin(p.now()))
	p.drain()
}

// Clear empties the document, for Rejoin to replace it by what is stored. The person
// goes on as somebody else, as the ids of the old document may be in use.
func (p *Peer) Clear() {
	p.log("clear").end()
	p.Doc = NewDocument(p.Doc.Client+1<<40, p.Doc.rand)
	p.setPresence()
}

// checkSaved looks that what is reported saved is durable.
func (p *Peer) checkSaved(c provider.Counts) {
	p.log("counts").num("unsynced", int64(c.Unsynced)).num("unsaved", int64(c.Unsaved)).end()
	saved := len(p.edits) - int(c.Unsaved)
	if saved < p.saved {
		p.world.Problem(p.Name, "what was saved is not any more")
	}
	for ; p.saved < saved; p.saved++ {
		p.Saved++
		if !p.site.store.Holds(p.Document, p.edits[p.saved]) {
			p.world.Problem(p.Name, "an edit was reported saved, and is not durable")
		}
	}
}

func (p *Peer) must(err error) {
	if err != nil {
		p.world.Problem(p.Name, err.Error())
	}
}

// unsettled says what is under way at the peer.
func (p *Peer) unsettled() string {
	if !p.Provider.ShouldConnect() {
		return ""
	}
	if !p.Provider.Synced() {
		return p.Provider.State().String()
	}
	if p.call.end.unsent > 0 {
		return "frames to write"
	}
	r := p.site.room(p.Document)
	if r == nil {
		return "no room"
	}
	if p.guest {
		if has, err := p.Doc.Has(r.doc.Encode()); !has || err != nil {
			return "the guest's document lacks something of the site's"
		}
	} else if why := Difference(p.Doc.Encode(), r.doc.Encode()); why != "" {
		return "the document and the site's: " + why
	}
	if c := p.Provider.Counts(); p.Provider.Weft() && !p.guest && !c.Saved {
		return "edits that are not saved"
	}
	online := 0
	for _, other := range p.world.peers {
		if other.Document != p.Document || other.site != p.site || !other.Provider.Synced() {
			continue
		}
		online++
		if state, _, _ := p.Presence.State(other.Doc.Client); state == nil {
			return "does not see " + other.Name
		}
	}
	if p.Presence.Len() != online {
		return "sees somebody who is gone"
	}
	return ""
}

// Opened implements Endpoint.
func (c *call) Opened(*End) {
	c.p.log("opened").num("conn", int64(c.conn)).end()
	if c.weft {
		c.p.Provider.HandleOpenWeft(c.p.now(), c.conn)
	} else {
		c.p.Provider.HandleOpen(c.p.now(), c.conn)
	}
	c.p.drain()
}

// Received implements Endpoint.
func (c *call) Received(_ *End, frame []byte) {
	c.p.log("received").num("conn", int64(c.conn)).data(frame).end()
	c.p.must(c.p.Provider.HandleFrame(c.p.now(), c.conn, frame))
	c.p.drain()
}

// Written implements Endpoint.
func (c *call) Written(*End) {
	c.p.Provider.HandleWritten(c.p.now(), c.conn)
	c.p.drain()
}

// Closed implements Endpoint.
func (c *call) Closed(_ *End, code codec.CloseCode) {
	c.p.log("closed").num("conn", int64(c.conn)).num("code", int64(code)).end()
	c.p.Losses++
	if c.p.call == c {
		c.p.call = nil
	}
	c.p.Provider.HandleClose(c.p.now(), c.conn, code, "")
	c.p.drain()
}

// Channel is what the tabs of a browser share.
type Channel struct {
	world *World
	peers []*Peer
}

// NewChannel returns a channel without tabs.
func (w *World) NewChannel() *Channel { return &Channel{world: w} }

// post brings a frame to all other tabs, each at its own time, in order.
func (c *Channel) post(from *Peer, frame []byte) {
	for _, p := range c.peers {
		if p == from {
			continue
		}
		c.world.Net.after(1, func() {
			p.log("tab").data(frame).end()
			p.must(p.Provider.HandleBroadcast(p.now(), frame))
			p.drain()
		})
	}
}
