package coretest

import (
	"slices"
	"strconv"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
)

// Store keeps documents for a Site.
type Store interface {
	// Load returns what is durable of a document, as updates in order.
	Load(document string) [][]byte
	// Append takes the next update of a document. durable is called once it can no
	// longer be lost, unless it is lost before.
	Append(document string, update []byte, durable func())
	// Epoch returns the id of a document's history, which it has or will have when
	// something is durable, and whether something is.
	Epoch(document string) (id []byte, stored bool)
	// Holds reports whether all of an update is durable.
	Holds(document string, update []byte) bool
}

// Site is a server: rooms, made when somebody comes, and the host that drives them.
type Site struct {
	Place string
	Clock Clock
	// QueueLimit is the rooms', in bytes; 0 = the default.
	QueueLimit int
	// Replaced counts the queues of slow members that were replaced by a diff.
	Replaced uint64
	// Access says what the owner of a token may do with a document, of those who speak
	// weft.v1; nil: everything.
	Access func(token, document string) room.Access
	// Peak is the most bytes that a room held for its members, over its limit or not.
	Peak int

	world *World
	store Store
	rand  *Rand
	up    bool
	rooms []*Hosted

	gateways []*gateway
	ends     uint64 // members so far
}

// Hosted is a room with its host.
type Hosted struct {
	Document string

	site    *Site
	room    *room.Room
	doc     *update.Doc
	seats   []*seat
	inbox   []func(now int64)
	planned bool
	over    bool
	alarm   alarm

	// What was loaded, or given to the store: all that may be sent.
	structs, deletes update.IDSet
	incoming         int // bytes of the frames of the batch
	largest          int // batch, with what came in
	replaced         uint64
}

// seat is a room's side of one connection.
type seat struct {
	h       *Hosted
	end     *End
	member  room.Member
	gateway *gateway // of a connection that speaks weft.v1
}

// AddSite adds a server, which is up.
func (w *World) AddSite(place string, clock Clock, store Store) *Site {
	s := &Site{Place: place, Clock: clock, world: w, store: store, rand: w.Rand.Fork(), up: true}
	w.sites = append(w.sites, s)
	return s
}

// Rooms returns the rooms there are.
func (s *Site) Rooms() []*Hosted { return s.rooms }

// Kill ends the site's process: connections break, rooms are gone, and with them
// all that the store was not yet sure of.
func (s *Site) Kill() {
	s.log("kill").end()
	s.up = false
	for _, h := range s.rooms {
		h.end()
	}
	s.rooms, s.gateways = nil, nil
	s.world.Net.BreakAt(s.Place)
}

// Start starts the site again.
func (s *Site) Start() {
	s.log("start").end()
	s.up = true
}

// Up reports whether the site runs.
func (s *Site) Up() bool { return s.up }

func (s *Site) now() int64 { return s.Clock.local(s.world.Net.now) }

func (s *Site) log(what string) *Trace { return s.world.Trace.line(s.world.Net.now, s.Place, what) }

// room returns a document's room, nil if there is none.
func (s *Site) room(document string) *Hosted {
	for _, h := range s.rooms {
		if h.Document == document {
			return h
		}
	}
	return nil
}

// Door is where connections to one document come in.
type Door struct {
	site     *Site
	document string
	weft     bool
	guest    bool // who comes may only read
}

func (s *Site) door(p *Peer, weft bool) *Door { return &Door{s, p.Document, weft, p.guest} }

// Accept implements Listener.
func (d *Door) Accept(e *End) Endpoint {
	if !d.site.up {
		return nil
	}
	if d.weft {
		return d.site.gateway(e)
	}
	m := d.site.sit(d.document, e)
	m.h.post(func(now int64) {
		m.h.room.Join(now, m.member)
		m.h.room.Permit(now, m.member, room.Access{Write: !d.guest})
	})
	return m
}

// sit gives a connection a seat in a document's room.
func (s *Site) sit(document string, e *End) *seat {
	h := s.room(document)
	if h == nil {
		h = s.open(document)
	}
	s.ends++
	m := &seat{h: h, end: e, member: room.Member(s.ends)}
	h.seats = append(h.seats, m)
	h.log("join").num("member", int64(m.member)).end()
	return m
}

// open makes a room from what is stored.
func (s *Site) open(document string) *Hosted {
	h := &Hosted{Document: document, site: s, doc: update.NewDoc()}
	for _, u := range s.store.Load(document) {
		if _, err := h.doc.Apply(append([]byte(nil), u...)); err != nil {
			h.problem("what was stored cannot be loaded: " + err.Error())
		}
		h.allow(u)
	}
	h.room = room.New(room.Config{Doc: h.doc, QueueLimit: s.QueueLimit})
	epoch, stored := s.store.Epoch(document)
	h.room.SetEpoch(s.now(), epoch, stored)
	s.rooms = append(s.rooms, h)
	h.log("load").data(h.doc.Encode()).end()
	return h
}

// Idle closes the rooms without members.
func (s *Site) Idle() {
	for _, h := range slices.Clone(s.rooms) {
		if len(h.seats) == 0 && h.room.Members() == 0 && h.room.Stored() == h.room.Appended() {
			h.log("unload").end()
			h.end()
			s.rooms = remove(s.rooms, h)
		}
	}
}

func (h *Hosted) end() { h.over, h.alarm.set, h.inbox = true, false, nil }

func (h *Hosted) log(what string) *Trace { return h.site.log(what).str(h.Document) }

func (h *Hosted) problem(what string) {
	h.site.world.Problem(h.site.Place+"/"+h.Document, what)
}

// post puts an event into the inbox. The whole inbox is one batch, so how many
// events make one depends on when the site gets round to it.
func (h *Hosted) post(event func(now int64)) {
	if h.over {
		return
	}
	h.inbox = append(h.inbox, event)
	if !h.planned {
		h.planned = true
		h.site.world.Net.after(h.site.rand.Between(0, 3), h.batch)
	}
}

// batch does what the package comment of room says.
func (h *Hosted) batch() {
	h.planned = false
	if h.over {
		return
	}
	now := h.site.now()
	h.incoming = 0
	for _, event := range h.inbox {
		event(now)
	}
	h.inbox = h.inbox[:0]
	h.room.HandleTime(now)
	if u, seq, ok := h.room.Append(); ok {
		h.log("append").num("seq", int64(seq)).data(u).end()
		h.allow(u)
		h.largest = max(h.largest, len(u)+h.incoming)
		h.site.store.Append(h.Document, u, func() {
			h.post(func(int64) { h.room.HandleStored(seq) })
		})
	}
	for _, m := range slices.Clone(h.room.Ready()) {
		frames := h.room.Take(m, nil)
		for _, f := range frames {
			h.log("send").num("member", int64(m)).data(f).end()
			h.check(f)
		}
		if s := h.seat(m); s != nil {
			s.send(frames)
		}
	}
	stats := h.room.Stats()
	h.site.Peak = max(h.site.Peak, stats.QueueBytes)
	h.site.Replaced += stats.Replaced - h.replaced
	h.replaced = stats.Replaced
	// Over its limit a room may hold its newest batch, merged and by sender.
	if limit := h.site.QueueLimit; limit > 0 && stats.QueueBytes > limit+h.largest {
		h.problem("the room holds " + strconv.Itoa(stats.QueueBytes) + " bytes for its members, the limit is " + strconv.Itoa(limit) + " and the largest batch " + strconv.Itoa(h.largest))
	}
	h.site.world.set(&h.alarm, h.site.Clock, h.room.NextWake(), func() { h.post(func(int64) {}) })
}

// allow notes ids that may be sent from now on.
func (h *Hosted) allow(u []byte) {
	structs, deletes, err := update.Contents(u)
	if err != nil {
		h.problem("appends what cannot be read: " + err.Error())
	}
	h.structs.Merge(structs)
	h.deletes.Merge(deletes)
}

// check looks for ids in a frame that the store has not been given.
func (h *Hosted) check(frame []byte) {
	// The messages of the y framing that a room sends are also ones of weft.v1.
	if err := codec.EachWeft(frame, func(m codec.Message) error {
		switch m.Kind {
		case codec.SyncStep2, codec.SyncUpdate:
			h.checkUpdate(m.Payload)
		case codec.SyncCross:
			u, _, err := codec.DecodeCross(m.Payload)
			h.checkUpdate(u)
			return err
		}
		return nil
	}); err != nil {
		h.problem("sends what cannot be decoded: " + err.Error())
	}
}

func (h *Hosted) checkUpdate(u []byte) {
	structs, deletes, err := update.Contents(u)
	if err != nil {
		h.problem("sends an update that cannot be read: " + err.Error())
	}
	_, _, content := missing(&h.structs, &structs)
	_, _, deletion := missing(&h.deletes, &deletes)
	if content || deletion {
		h.problem("sends what the store was not given")
	}
}

func (h *Hosted) seat(m room.Member) *seat {
	for _, s := range h.seats {
		if s.member == m {
			return s
		}
	}
	return nil
}

// unsettled says what is under way in the room.
func (h *Hosted) unsettled() string {
	if len(h.inbox) > 0 {
		return "events to handle"
	}
	if h.room.Stored() != h.room.Appended() {
		return "updates to store"
	}
	return ""
}

// Opened implements Endpoint. The accepting side is open from the start.
func (s *seat) Opened(*End) {}

// send sends frames that the room has made.
func (s *seat) send(frames [][]byte) {
	if s.gateway != nil {
		for i, f := range frames {
			frames[i] = append(codec.Weft.AppendID(nil, s.h.Document), f...)
		}
	}
	s.end.Send(frames...)
}

// Received implements Endpoint.
func (s *seat) Received(_ *End, frame []byte) { s.deliver(frame) }

// deliver hands a frame to the room.
func (s *seat) deliver(frame []byte) {
	s.h.post(func(now int64) {
		if s.h.seat(s.member) == nil {
			return
		}
		s.h.log("frame").num("member", int64(s.member)).data(frame).end()
		s.h.incoming += len(frame)
		err := s.h.room.HandleFrame(now, s.member, frame)
		if err == nil {
			return
		}
		e, ok := err.(*codec.PeerError)
		if ok && e.Code == codec.Diverged && s.gateway != nil {
			s.left(now)
			s.gateway.fault(s, e)
			return
		}
		// All frames of a simulation are good ones: nobody may be thrown out.
		s.h.problem("refuses a frame: " + err.Error())
		if ok {
			s.end.Close(e.Code)
		}
		s.left(now)
	})
}

// Written implements Endpoint.
func (s *seat) Written(*End) {
	s.h.post(func(now int64) { s.h.room.HandleWritten(now, s.member) })
}

// Closed implements Endpoint.
func (s *seat) Closed(_ *End, code codec.CloseCode) {
	s.h.log("closed").num("member", int64(s.member)).num("code", int64(code)).end()
	s.h.post(s.left)
}

func (s *seat) left(now int64) {
	s.h.seats = remove(s.h.seats, s)
	s.h.room.Leave(now, s.member)
}
