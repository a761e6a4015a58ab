package provider

import (
	"math"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

// Defaults of Config, and the bounds its values are held in.
const (
	DefaultMinBackoff = 100     // ms
	DefaultMaxBackoff = 30_000  // ms
	DefaultTimeout    = 30_000  // ms
	DefaultQueueLimit = 1 << 20 // bytes

	longest = 1 << 40 // ms, 34 years: times stay far from overflow
)

// Config is how a Provider behaves. The zero value is usable; a host with many
// clients sets Rand.
type Config struct {
	// Rand returns uniform 64-bit values for the jitter, from a source that the host
	// seeds differently in each process. Nil: no jitter, each delay is the longest
	// it could be.
	Rand func() uint64
	// MinBackoff and MaxBackoff bound the delay before an attempt, in milliseconds.
	// 0: the defaults.
	MinBackoff, MaxBackoff int64
	// Timeout is how long a connection, or an attempt to open one, may be silent
	// before it is given up, in milliseconds. At half of it the server is asked for a
	// sign of life. If a handshake or a write was under way when one ended in silence
	// the next one has twice the time, up to 16 times. 0: the default; negative: for
	// ever.
	Timeout int64
	// ResyncInterval is the time between repeated state vectors while connected, in
	// milliseconds. 0 or less: none.
	ResyncInterval int64
	// QueueLimit is how many bytes of local updates wait for a write in progress.
	// 0: the default.
	QueueLimit int
	// Broadcast: there is a channel to other tabs with the same document. Without it
	// no Broadcast, and no ask for Tabs, is ever put out.
	Broadcast bool

	// Weft: offer the weft framing to servers, for the document named Document, 1 to
	// 250 bytes of UTF-8.
	Weft     bool
	Document string
	// ELVA, if set, is the framing of a server with many documents on a connection:
	// codec.ELVA, or codec.ELVA33 for one up to v0.33. Frames begin with the name
	// Document, whatever Weft says; see docs/wire/elva.md. A server that answers in the
	// other of the two is written to in that.
	ELVA *codec.Framing
	// AlwaysOffer: the host's connections open as well when the server selects nothing,
	// unlike those of browsers, so that a failed attempt is no reason to offer nothing.
	AlwaysOffer bool
	// Token: the host has tokens, and is asked for them.
	Token bool
	// Epoch is the id of the history that the document is of, as EpochChanged last
	// told it; empty if that is not known.
	Epoch []byte
}

// Provider is one document's connection to its server, as a state machine.
// It is not safe for concurrent use. The package comment has the host's loop.
type Provider struct {
	cfg      Config
	state    State
	now      int64
	conn     uint32 // the latest attempt; the current connection unless Stopped or Waiting
	wanted   bool   // what the application last asked for, unless the server refused
	tabs     bool   // taking part in the channel to other tabs
	patience int    // doublings of the timeout
	denied   bool   // the current connection was told "permission denied"
	status   Status // as last put out
	synced   bool   // as last put out
	code     codec.CloseCode
	bye      []byte // presence removal of the Disconnect or Destroy under way
	timers   timers
	backoff  backoff
	box      outbox
	relay    relay
	weft     weft
	elva     elva
	out      queue
}

// New returns a Provider that is Stopped.
func New(cfg Config) *Provider {
	bound := func(v, def int64) int64 {
		if v <= 0 {
			v = def
		}
		return min(v, longest)
	}
	cfg.MaxBackoff = bound(cfg.MaxBackoff, DefaultMaxBackoff)
	cfg.MinBackoff = min(bound(cfg.MinBackoff, DefaultMinBackoff), cfg.MaxBackoff)
	if cfg.Timeout >= 0 {
		cfg.Timeout = bound(cfg.Timeout, DefaultTimeout)
	}
	cfg.ResyncInterval = min(cfg.ResyncInterval, longest)
	if cfg.QueueLimit <= 0 {
		cfg.QueueLimit = DefaultQueueLimit
	}
	p := &Provider{
		cfg:     cfg,
		now:     math.MinInt64, // a host's clock may start anywhere
		backoff: backoff{rand: cfg.Rand, min: cfg.MinBackoff, max: cfg.MaxBackoff, syncedAt: never},
	}
	p.timers.clear()
	p.weft.epoch = cfg.Epoch
	return p
}

// State returns what the Provider is doing.
func (p *Provider) State() State { return p.state }

// Connected reports whether a connection is open.
func (p *Provider) Connected() bool { return p.state == Syncing || p.state == Synced }

// Synced reports whether the server's part of the handshake has arrived over the
// connection that is open.
func (p *Provider) Synced() bool { return p.state == Synced }

// ShouldConnect reports whether the Provider connects, or would when its backoff
// ends: true from Connect until Disconnect, Destroy or a permanent refusal.
func (p *Provider) ShouldConnect() bool { return p.wanted }

// Attempts returns how many connections and attempts have failed since the last
// completed sync.
func (p *Provider) Attempts() int { return p.backoff.attempts }

// NextWake returns when HandleTime must be called at the latest, in the host's
// milliseconds; math.MaxInt64 if nothing is waited for. Any other method may
// change it.
func (p *Provider) NextWake() int64 { return p.timers.next() }

// Next takes the next output, in the order in which they must be performed. It
// returns false when there is none. The host may feed events, answers in
// particular, before it has taken them all: what they cause comes after.
func (p *Provider) Next() (Output, bool) { return p.out.pop() }

// errDestroyed is what commands return after Destroy.
const errDestroyed = codec.UsageError("provider: used after Destroy")

// Connect asks for a connection. While one exists or is under way it changes
// nothing; in a backoff it dials at once, which is also what a host does when the
// system says that the network is back.
func (p *Provider) Connect(now int64) error {
	now = p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	p.wanted = true
	p.fire(now, connect)
	return nil
}

// Disconnect ends the connection and the wish for one. farewell is an encoded
// presence update that removes the local client's state (same clock, null); it is
// sent to the server and the other tabs before the connection closes. Nil: nothing
// is sent, and others see this client until its connection's end or 30 s pass.
// The local state itself stays with the host, for the next Connect.
func (p *Provider) Disconnect(now int64, farewell []byte) error {
	now = p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	p.end(now, disconnect, farewell)
	return nil
}

// Destroy is Disconnect for good: later commands fail, later events are ignored.
func (p *Provider) Destroy(now int64, farewell []byte) {
	p.end(p.advance(now), destroy, farewell)
}

func (p *Provider) end(now int64, in input, farewell []byte) {
	p.wanted = false
	p.bye, p.code = farewell, codec.Normal
	p.fire(now, in)
	p.bye = nil
}

// Update tells of a local edit: one update (v1) from the document. It goes out at
// once, or, while a write is in progress, merged with others when that ends. Without
// a connection it is forgotten: the next handshake carries it. The Provider owns the
// slice from here on, unless it returns an error. An update that is not well formed
// is a codec.UsageError, and is not sent: it would cost the connection.
func (p *Provider) Update(now int64, u []byte) error {
	p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	if err := update.Validate(u); err != nil {
		return codec.UsageError("provider: local update: " + err.Error())
	}
	p.weft.ledger.edit(p.Connected())
	if !p.post(codec.Message{Kind: codec.SyncUpdate, Payload: u}) {
		p.box.hold(u, p.cfg.QueueLimit)
		if p.box.behind {
			p.weft.ledger.lose()
		}
	}
	p.tellCounts()
	return nil
}

// Awareness tells of a change of local presence: an encoded presence update. As
// Update otherwise; of several that wait for a write, the newest entry of each
// client is sent.
func (p *Provider) Awareness(now int64, payload []byte) error {
	p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	if err := checkPresence(payload); err != nil {
		return codec.UsageError("provider: local presence: " + err.Error())
	}
	if !p.post(codec.Message{Kind: codec.Awareness, Payload: payload}) {
		p.box.presence = mergePresence(p.box.presence, payload)
	}
	return nil
}

// SetMaxBackoff changes Config.MaxBackoff from the next failure on; it must be
// positive.
func (p *Provider) SetMaxBackoff(ms int64) error {
	if ms <= 0 {
		return codec.UsageError("provider: MaxBackoff must be positive")
	}
	p.backoff.max = min(ms, longest)
	p.backoff.min = min(p.cfg.MinBackoff, p.backoff.max)
	return nil
}

// HandleOpen tells that the connection that Dial asked for is open.
func (p *Provider) HandleOpen(now int64, conn uint32) {
	now = p.advance(now)
	if p.state == Dialing && conn == p.conn {
		p.fire(now, opened)
	}
}

// HandleClose tells that a connection ended, or that an attempt failed (1006),
// with the close code, 1006 or 0 where there was none, and the reason that came with
// it. Codes 4400 to 4499 mean that trying again is pointless. A reason may say how
// long to wait before that (codec.RetryHint).
func (p *Provider) HandleClose(now int64, conn uint32, code codec.CloseCode, reason string) {
	now = p.advance(now)
	if conn != p.conn || p.state != Dialing && !p.Connected() {
		return
	}
	p.weft.hint = codec.RetryHint(reason)
	p.weft.doubt(p.Connected(), p.cfg.AlwaysOffer)
	switch {
	case code.Permanent():
		p.code = code
		p.fire(now, refused)
	case p.denied && !p.Synced():
		p.code = codec.Forbidden
		p.fire(now, refused)
	default:
		p.fire(now, lost)
	}
}

// HandleWritten tells that all frames taken so far for a connection are with the
// socket. What waited for that leaves now.
func (p *Provider) HandleWritten(now int64, conn uint32) {
	p.advance(now)
	if conn == p.conn && p.Connected() {
		p.box.writing = false
		p.relax()
		p.flush()
	}
}

// HandleStateVector answers AskStateVector. An empty sv (not even the count) sends
// nothing. The slice is only read.
func (p *Provider) HandleStateVector(now int64, conn uint32, sv []byte) {
	if conn == p.conn && p.Connected() && p.weft.mayJoin(p.cfg.Token) && len(sv) > 0 {
		p.advance(now)
		p.join(sv)
		return
	}
	p.answer(now, conn, codec.Message{Kind: codec.SyncStep1, Payload: sv})
}

// HandleDiff answers AskDiff. The slice is only read.
func (p *Provider) HandleDiff(now int64, conn uint32, u []byte) {
	if conn == Tabs && len(u) == 2 && u[0] == 0 && u[1] == 0 {
		// Tabs do not wait for the end of a handshake; with nothing to tell, the
		// answer would only wake them. A server is told: it may wait.
		return
	}
	p.answer(now, conn, codec.Message{Kind: codec.SyncStep2, Payload: u})
}

// HandleAwareness answers AskAwareness and AskAllAwareness. The slice is only read.
func (p *Provider) HandleAwareness(now int64, conn uint32, payload []byte) {
	p.answer(now, conn, codec.Message{Kind: codec.Awareness, Payload: payload})
}

func (p *Provider) answer(now int64, conn uint32, m codec.Message) {
	p.advance(now)
	switch {
	case len(m.Payload) == 0:
	case conn == Tabs && p.tabs:
		p.out.push(Output{Kind: Broadcast, Payload: codec.EncodeY(m)})
	case conn != p.conn || !p.Connected() || p.weft.on && !p.weft.joined:
	case m.Kind == codec.SyncStep2:
		p.answerDiff(m.Payload)
	default:
		p.say(m)
	}
}

// HandleTime tells the time; it must be called when NextWake is due, and may be
// called at any time.
func (p *Provider) HandleTime(now int64) {
	now = p.advance(now)
	t := &p.timers
	if t.due(retryTimer, now) || t.due(dialTimer, now) || t.due(deadTimer, now) {
		p.code = codeTimeout
		if p.state != Waiting {
			p.weft.doubt(p.Connected(), p.cfg.AlwaysOffer)
		}
		p.fire(now, expired)
		return
	}
	if t.due(probeTimer, now) {
		// Every y server answers a state vector, at least with an empty diff.
		t[deadTimer] = after(now, p.timeout()-p.timeout()/2)
		p.askStep1()
	}
	if t.due(resyncTimer, now) {
		t[resyncTimer] = after(now, p.cfg.ResyncInterval)
		p.askStep1()
	}
	if t.due(resendTimer, now) {
		p.box.behind = true
		if !p.box.writing {
			p.flush()
		}
	}
	if t.due(relayTimer, now) {
		p.relayHeld()
		if !p.box.writing {
			p.flush()
		}
	}
}

// advance returns the time that holds from now on: it never goes back.
func (p *Provider) advance(now int64) int64 {
	p.now = max(p.now, now)
	return p.now
}
