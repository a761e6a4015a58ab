package session

import (
	"math"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
)

// Defaults of Config.
const (
	DefaultDocuments = 1000
	DefaultQueue     = 1 << 20 // bytes
)

// Config is how a Session behaves. A zero field means the default.
type Config struct {
	// Documents is how many a connection may have at a time, ended ones that were
	// not left among them.
	Documents int
	// Queue is how many bytes of frames may wait for Asks.
	Queue int
}

// Grant is what a client may do with a document.
type Grant struct {
	room.Access
	// Expires is when the grant runs out, by the clock of now; 0: never.
	Expires int64
}

// Session is one weft.v1 connection, as a state machine. It is not safe for
// concurrent use. The package comment has the host's loop.
//
// It has three kinds of methods: Handle…, from the network, the host's judgement
// and the rooms; commands, Recheck and Close; and Next and NextWake, the outputs. now
// is the time in milliseconds of the host's monotonic clock.
type Session struct {
	cfg    Config
	now    int64
	docs   map[string]*document
	order  []*document // the same, in a reproducible order
	queued int         // bytes of frames that wait
	seq    uint64
	out    []Output
	head   int
}

// document is one document of a connection.
type document struct {
	name   string
	place  int // in Session.order
	state  State
	member bool     // a room has it
	frames [][]byte // that wait
	token  string
	seq    uint64 // of the Ask that is not answered; 0: none
	again  bool   // the answer is of no use: ask again then
	grant  Grant
	renew  int64 // when to ask for another token; math.MaxInt64: not

	denial codec.Denial // for sayDenied
	text   string       // for sayDenied
	ending codec.Ending // for sayFault
}

// New returns a Session without documents.
func New(cfg Config) *Session {
	if cfg.Documents <= 0 {
		cfg.Documents = DefaultDocuments
	}
	if cfg.Queue <= 0 {
		cfg.Queue = DefaultQueue
	}
	return &Session{cfg: cfg, docs: make(map[string]*document)}
}

// State returns what a document is.
func (s *Session) State(doc string) State {
	if d := s.docs[doc]; d != nil {
		return d.state
	}
	return Absent
}

// Documents returns how many documents are not absent.
func (s *Session) Documents() int { return len(s.docs) }

// HandleFrame takes a frame, which the session owns from then on. An error is a
// *codec.PeerError: nothing of the frame has taken effect, and the host closes the
// connection with its code.
func (s *Session) HandleFrame(now int64, frame []byte) error {
	s.advance(now)
	id, messages, err := codec.CutWeft(frame)
	if err != nil {
		return err
	}
	p, err := readParcel(messages)
	if err != nil {
		return err
	}
	d := s.docs[string(id)]
	if d == nil {
		if !p.content && !p.hasToken {
			if p.leave { // of what is not there
				s.fire(s.now, &document{name: string(id)}, left)
			}
			return nil
		}
		if len(s.docs) >= s.cfg.Documents {
			return &codec.PeerError{Code: codec.Busy, Reason: "too many documents on the connection"}
		}
		d = &document{name: string(id), token: p.token, renew: math.MaxInt64}
		s.docs[d.name], d.place = d, len(s.order)
		s.order = append(s.order, d)
		s.fire(s.now, d, arrived)
	} else if p.hasToken && (d.state == Open || d.state == Asking) {
		d.token = p.token
		s.ask(d)
	}
	switch {
	case !p.content:
	case d.state == Open:
		s.put(Output{Kind: Deliver, Doc: d.name, Frame: messages})
	case d.state == Asking && s.queued+len(messages) > s.cfg.Queue:
		s.fire(s.now, d, flooded)
	case d.state == Asking:
		s.queued += len(messages)
		d.frames = append(d.frames, messages)
	}
	switch {
	case !p.leave:
	case d.member:
		s.fire(s.now, d, leaves)
	default:
		s.fire(s.now, d, left)
	}
	return nil
}

// parcel is what a session has to know of a frame's messages.
type parcel struct {
	token    string
	hasToken bool
	leave    bool
	content  bool // there is something for the room
}

// readParcel checks that the messages are whole, and that those about the connection
// are in their places.
func readParcel(messages []byte) (p parcel, err error) {
	err = codec.EachWeft(messages, func(m codec.Message) error {
		switch {
		case p.leave:
			return codec.Malformed("message after Leave", nil)
		case m.Kind == codec.Leave:
			if len(m.Payload) > 0 {
				return codec.Malformed("Leave with a payload", nil)
			}
			p.leave = true
		case m.Kind == codec.Access:
			a, err := codec.DecodeAccess(m.Payload)
			if err != nil {
				return err
			}
			if a.Kind != codec.Token || p.content || p.hasToken {
				return codec.Malformed("misplaced Access", nil)
			}
			p.token, p.hasToken = a.Text, true
		case m.Kind == codec.ID:
			return codec.Malformed("a second ID", nil)
		default:
			p.content = true
		}
		return nil
	})
	return p, err
}

// HandleGrant answers an Ask: the client may do what grant says. A grant that has
// run out already is a denial.
func (s *Session) HandleGrant(now int64, doc string, seq uint64, grant Grant) {
	d := s.answered(now, doc, seq)
	switch {
	case d == nil:
	case grant.Expires != 0 && grant.Expires <= s.now:
		d.denial, d.text = codec.Expired, ""
		s.fire(s.now, d, denied)
	default:
		d.grant, d.renew = grant, renewAt(s.now, grant.Expires)
		s.fire(s.now, d, granted)
	}
}

// HandleDenial answers an Ask: the client may not have the document. A text that is
// too long is cut.
func (s *Session) HandleDenial(now int64, doc string, seq uint64, denial codec.Denial, text string) {
	if d := s.answered(now, doc, seq); d != nil {
		d.denial, d.text = denial, cut(text)
		s.fire(s.now, d, denied)
	}
}

// HandleFault ends a document because of the host or the room: instead of an answer
// to an Ask, or at any time.
func (s *Session) HandleFault(now int64, doc string, ending codec.Ending) {
	s.advance(now)
	if d := s.docs[doc]; d != nil {
		ending.Text = cut(ending.Text)
		d.ending, d.member, d.seq = ending, false, 0
		if d.state == Leaving {
			s.fire(s.now, d, parted)
			return
		}
		s.fire(s.now, d, faulted)
	}
}

// HandleParted tells that the room has let go of a document.
func (s *Session) HandleParted(now int64, doc string) {
	s.advance(now)
	if d := s.docs[doc]; d != nil {
		d.member = false
		s.fire(s.now, d, parted)
	}
}

// Recheck has the access to a document judged again, with the token there is, for
// each ID that is about it; an empty name means all documents. An answer that is on
// its way may be from before, so it is not taken, and what waits for it waits on.
func (s *Session) Recheck(now int64, name string) {
	s.advance(now)
	for _, d := range s.order {
		if (name == "" || codec.DocumentOf(d.name) == name) && (d.state == Open || d.state == Asking) {
			s.ask(d)
		}
	}
}

// Close ends all documents: the connection is over.
func (s *Session) Close(now int64) {
	s.advance(now)
	for len(s.order) > 0 {
		s.fire(s.now, s.order[len(s.order)-1], closed)
	}
}

// HandleTime tells the time. It should come at NextWake, and may come at any time.
func (s *Session) HandleTime(now int64) {
	s.advance(now)
	for _, d := range s.order {
		if d.state != Open {
			continue
		}
		if e := d.grant.Expires; e != 0 && e <= s.now {
			d.denial, d.text = codec.Expired, ""
			s.fire(s.now, d, expired)
			continue
		}
		if d.renew <= s.now {
			d.renew = math.MaxInt64
			s.say(d, codec.Access, codec.AccessNotice{Kind: codec.Renew, Millis: uint64(d.grant.Expires - s.now)}.Append(nil))
		}
	}
}

// NextWake returns when HandleTime has something to do, at the earliest, or
// math.MaxInt64. It may change after every other method.
func (s *Session) NextWake() int64 {
	at := int64(math.MaxInt64)
	for _, d := range s.order {
		if d.state != Open {
			continue
		}
		at = min(at, d.renew)
		if d.grant.Expires != 0 {
			at = min(at, d.grant.Expires)
		}
	}
	return at
}

// Next takes the next output, in the order in which they must be performed. It
// returns false when there is none.
func (s *Session) Next() (Output, bool) {
	if s.head == len(s.out) {
		s.out, s.head = s.out[:0], 0
		return Output{}, false
	}
	o := s.out[s.head]
	s.out[s.head] = Output{}
	s.head++
	return o, true
}

func (s *Session) put(o Output) { s.out = append(s.out, o) }

// advance notes the time. A clock that goes back stands still here.
func (s *Session) advance(now int64) { s.now = max(s.now, now) }

// answered returns the document whose Ask is answered, nil if nobody waits for that.
func (s *Session) answered(now int64, doc string, seq uint64) *document {
	s.advance(now)
	d := s.docs[doc]
	if d == nil || d.seq == 0 || d.seq != seq {
		return nil
	}
	d.seq = 0
	if d.again {
		s.ask(d)
		return nil
	}
	return d
}

// ask has access judged with the present token. One Ask is under way at a time: what
// comes meanwhile is asked after it.
func (s *Session) ask(d *document) {
	if d.again = d.seq != 0; d.again {
		return
	}
	s.seq++
	d.seq = s.seq
	s.put(Output{Kind: Ask, Doc: d.name, Seq: d.seq, Token: d.token})
}

// forget drops a document that is absent, if it was ever there.
func (s *Session) forget(d *document) {
	if s.docs[d.name] != d {
		return
	}
	delete(s.docs, d.name)
	last := len(s.order) - 1
	s.order[d.place] = s.order[last]
	s.order[d.place].place = d.place
	s.order[last] = nil
	s.order = s.order[:last]
}

// say sends the client one message about a document.
func (s *Session) say(d *document, kind codec.Kind, payload []byte) {
	m := codec.Message{Kind: kind, Payload: payload}
	b := make([]byte, 0, codec.Weft.SizeID(d.name)+codec.Weft.Size(m))
	s.put(Output{Kind: Send, Doc: d.name, Frame: codec.Weft.Append(codec.Weft.AppendID(b, d.name), m)})
}

func (s *Session) perform(now int64, d *document, a action) {
	switch a {
	case ask:
		s.ask(d)
	case accept:
		if d.token != "" {
			left := uint64(0)
			if d.grant.Expires != 0 {
				left = uint64(d.grant.Expires - now)
			}
			s.say(d, codec.Access, codec.AccessNotice{Kind: codec.Accepted, Millis: left}.Append(nil))
		}
	case join:
		d.member = true
		s.put(Output{Kind: Join, Doc: d.name, Access: d.grant.Access})
	case flush:
		for _, f := range d.frames {
			s.queued -= len(f)
			s.put(Output{Kind: Deliver, Doc: d.name, Frame: f})
		}
		d.frames = nil
	case permit:
		s.put(Output{Kind: Permit, Doc: d.name, Access: d.grant.Access})
	case part:
		s.put(Output{Kind: Part, Doc: d.name})
	case sayDenied:
		s.say(d, codec.Access, codec.AccessNotice{Kind: codec.Refused, Denial: d.denial, Text: d.text}.Append(nil))
	case sayFault:
		s.say(d, codec.Fault, d.ending.Append(nil))
	case sayBusy:
		s.say(d, codec.Fault, codec.Ending{Code: codec.Busy, Text: "too much before access was granted"}.Append(nil))
	case sayLeft:
		s.say(d, codec.Leave, nil)
	case drop:
		for _, f := range d.frames {
			s.queued -= len(f)
		}
		d.frames, d.seq = nil, 0
	}
}

// The time before the end of a grant at which another token is asked for: a fifth of
// what is left, in these bounds.
const (
	leastNotice = 5_000  // ms
	mostNotice  = 60_000 // ms
)

// renewAt returns when to ask for another token; math.MaxInt64: never.
func renewAt(now, expires int64) int64 {
	if expires == 0 {
		return math.MaxInt64
	}
	return max(now, expires-min(max((expires-now)/5, leastNotice), mostNotice))
}

// cut shortens a text to what the framing takes.
func cut(text string) string {
	if len(text) <= codec.MaxText {
		return text
	}
	n := codec.MaxText
	for n > 0 && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}
