package provider

import (
	"bytes"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

// This file is what a Provider says and hears in the weft framing, which
// docs/wire/weft.md describes.

// weft is the part of a Provider that only connections with the weft framing use.
type weft struct {
	on       bool // the connection speaks it
	offered  bool // its attempt offered it
	heard    bool // the server has sent a frame of it on this connection
	met      bool // a server has, on any
	legacy   bool // the next attempt does not offer it, unless one was met
	joined   bool // our first frame is sent
	token    string
	hasToken bool
	epoch    []byte // of the history that the document is of; empty: not known

	access   Permission
	muted    bool     // the server has refused, for want of permission, what it lacks: it is not sent with each answer
	told     Counts   // as last put out
	ledger   ledger   // of local edits
	chunks   [][]byte // messages of a diff that follow when a write ends
	verdict  OutputKind
	denial   codec.Denial
	text     string
	loaded   uint64 // bytes of answers cut short before this one
	progress codec.Part
	hint     int64 // ms that the server asks to stay away; 0: none
}

// Permission is what the server lets the client do with the document.
type Permission uint8

// The values of Permission. NotTold is what a server without the weft framing leaves
// it at, and the state before it has spoken.
const (
	NotTold Permission = iota
	MayRead
	MayWrite
)

// String returns the word that applications see.
func (a Permission) String() string { return [...]string{"unknown", "read", "write"}[a] }

// Weft reports whether the server of the connection that is open speaks the weft
// framing.
func (p *Provider) Weft() bool { return p.Connected() && p.weft.on }

// Joined reports whether edits are sent as they come, unless a write is in progress:
// there is a connection, and our first message of it is sent.
func (p *Provider) Joined() bool { return p.Connected() && (!p.weft.on || p.weft.joined) }

// Uploading reports whether parts of a diff wait for the write in progress.
func (p *Provider) Uploading() bool { return len(p.weft.chunks) > 0 }

// Counts returns what became of the local edits. It means something once a server
// with the weft framing was met.
func (p *Provider) Counts() Counts { return p.weft.ledger.counts() }

// Permission returns what the server lets the client do.
func (p *Provider) Permission() Permission { return p.weft.access }

// Epoch returns the id of the history that the document is of, empty if it is not
// known. It is read-only.
func (p *Provider) Epoch() []byte { return p.weft.epoch }

// HandleOpenWeft is HandleOpen for a connection whose server selected the subprotocol
// codec.WeftProtocol, which Dial had asked to offer.
func (p *Provider) HandleOpenWeft(now int64, conn uint32) {
	now = p.advance(now)
	if p.state == Dialing && conn == p.conn {
		p.weft.on = p.weft.offered
		p.fire(now, opened)
	}
}

// HandleToken answers AskToken. An empty token is none.
func (p *Provider) HandleToken(now int64, conn uint32, token string) {
	p.advance(now)
	w := &p.weft
	if conn != p.conn || !p.Connected() || !w.on {
		return
	}
	if len(token) > codec.MaxToken {
		token = "" // the server will say that there is none
	}
	w.token, w.hasToken = token, true
	if w.joined {
		p.say(codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: token}.Append(nil)})
		return
	}
	p.introduce()
}

// Rejoin tells that the application has decided about a document that is of another
// history, or wants the server's: what there is now is joined as it is, whatever it
// was before. An application that wants the server's state alone gives the host an
// empty document first. Edits are counted from here on anew.
func (p *Provider) Rejoin(now int64) error {
	now = p.advance(now)
	if p.state == Destroyed {
		return errDestroyed
	}
	w := &p.weft
	w.epoch, w.ledger, w.loaded = nil, ledger{}, 0
	p.out.push(Output{Kind: EpochChanged})
	p.wanted = true
	p.code = codec.Normal
	p.fire(now, rejoin)
	p.tellCounts()
	return nil
}

// introduce asks the host for what our first frame says.
func (p *Provider) introduce() {
	p.out.push(Output{Kind: AskStateVector, Conn: p.conn})
	p.out.push(Output{Kind: AskAwareness, Conn: p.conn})
}

// join sends the first frame.
func (p *Provider) join(sv []byte) {
	w := &p.weft
	w.joined = true
	f := codec.Weft.AppendID(nil, p.cfg.Document)
	if w.hasToken && w.token != "" {
		f = codec.Weft.Append(f, codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: w.token}.Append(nil)})
	}
	if len(w.epoch) > 0 && !bytes.Equal(sv, emptyStateVector) {
		f = codec.Weft.Append(f, codec.Message{Kind: codec.Epoch, Payload: w.epoch})
	}
	p.send(codec.Weft.Append(f, codec.Message{Kind: codec.SyncStep1, Payload: sv}))
}

// say sends a message to the server, in the connection's framing, and counts it.
func (p *Provider) say(m codec.Message) { p.transmit(m, edits) }

// transmit is say, where what says what an update carries.
func (p *Provider) transmit(m codec.Message, what carrier) {
	if !p.weft.on {
		p.send(codec.EncodeY(m))
		return
	}
	f := make([]byte, 0, codec.Weft.SizeID(p.cfg.Document)+codec.Weft.Size(m))
	f = codec.Weft.Append(codec.Weft.AppendID(f, p.cfg.Document), m)
	if m.Kind == codec.SyncStep2 || m.Kind == codec.SyncUpdate {
		p.weft.ledger.send(f[len(f)-len(m.Payload):], what, p.cfg.QueueLimit)
	}
	p.send(f)
}

// answerDiff sends what the server lacks, in parts if it is large. The first one
// leaves now, the others one after the other as writes end.
func (p *Provider) answerDiff(u []byte) {
	p.weft.ledger.take()
	parts := [][]byte{u}
	if p.weft.on && len(u) > codec.ChunkSize {
		if cut, err := update.Split(u, codec.ChunkSize); err == nil {
			parts = cut
		}
	}
	p.weft.chunks = parts[1:]
	p.sendPart(parts[0])
}

func (p *Provider) sendPart(u []byte) {
	if len(p.weft.chunks) > 0 {
		p.transmit(codec.Message{Kind: codec.SyncUpdate, Payload: u}, part)
		return
	}
	p.transmit(codec.Message{Kind: codec.SyncStep2, Payload: u}, whole)
}

// sendNextPart sends the next part of a diff, and reports whether there was one.
func (p *Provider) sendNextPart() bool {
	w := &p.weft
	if len(w.chunks) == 0 {
		return false
	}
	u := w.chunks[0]
	w.chunks[0] = nil
	w.chunks = w.chunks[1:]
	p.sendPart(u)
	return true
}

// handleWeft takes a frame of the weft framing.
func (p *Provider) handleWeft(now int64, frame []byte) *codec.PeerError {
	id, messages, err := codec.CutWeft(frame)
	if err == nil {
		p.weft.heard, p.weft.met = true, true
		if string(id) != p.cfg.Document {
			return nil // of another document on the same connection
		}
		err = codec.EachWeft(messages, func(m codec.Message) error {
			if !p.Connected() {
				return nil // an earlier message has ended it
			}
			return p.receiveWeft(now, m)
		})
	}
	return peerError(err)
}

// receiveWeft acts on one message from a weft server.
func (p *Provider) receiveWeft(now int64, m codec.Message) error {
	w := &p.weft
	switch m.Kind {
	case codec.SyncStep1, codec.SyncStep2, codec.SyncUpdate, codec.Awareness:
		return p.receive(now, m)
	case codec.SyncCross:
		u, sv, err := codec.DecodeCross(m.Payload)
		if err != nil {
			return err
		}
		if err := p.receive(now, codec.Message{Kind: codec.SyncStep2, Payload: u}); err != nil {
			return err
		}
		p.endProgress()
		if w.muted {
			return nil
		}
		return p.receive(now, codec.Message{Kind: codec.SyncStep1, Payload: sv})
	case codec.Read, codec.ReadWrite:
		return p.receiveAccess(m)
	case codec.Ack:
		a, err := codec.DecodeAck(m.Payload)
		if err != nil {
			return err
		}
		if !w.ledger.ack(a) {
			return codec.Malformed("acknowledgement of what was not sent", nil)
		}
		p.tellCounts()
	case codec.Nack:
		f, err := codec.DecodeNack(m.Payload)
		if err != nil {
			return err
		}
		return p.refusedUpdate(now, f)
	case codec.Access:
		a, err := codec.DecodeAccess(m.Payload)
		if err != nil {
			return err
		}
		p.receiveToken(now, a)
	case codec.Epoch:
		if len(m.Payload) > codec.MaxEpoch {
			return codec.Malformed("epoch too long", nil)
		}
		if !bytes.Equal(w.epoch, m.Payload) {
			w.epoch = bytes.Clone(m.Payload)
			p.out.push(Output{Kind: EpochChanged, Payload: w.epoch})
		}
	case codec.Fault:
		e, err := codec.DecodeFault(m.Payload)
		if err != nil {
			return err
		}
		p.receiveFault(now, e)
	case codec.Progress:
		part, err := codec.DecodeProgress(m.Payload)
		if err != nil {
			return err
		}
		w.progress = part
		p.out.push(Output{Kind: Progressed, Done: w.loaded + part.Done, Total: w.loaded + part.Total})
	case codec.Leave:
		// We left; the connection is somebody else's too.
	default:
		return codec.Malformed("message that a server does not send", nil)
	}
	return nil
}

func (p *Provider) receiveAccess(m codec.Message) error {
	if len(m.Payload) > codec.MaxText {
		return codec.Malformed("reason too long", nil)
	}
	access := MayWrite
	if m.Kind == codec.Read {
		access = MayRead
	}
	p.weft.access, p.weft.muted = access, false
	p.out.push(Output{Kind: PermissionChanged, Permission: access, Payload: m.Payload})
	return nil
}

// refusedUpdate acts on the refusal of one of our updates.
func (p *Provider) refusedUpdate(now int64, f codec.Refusal) error {
	u, ok := p.weft.ledger.refuse(f.Update)
	if !ok {
		return codec.Malformed("refusal of what was not sent", nil)
	}
	if f.Retry > 0 {
		// Whatever came of it by then is in the diff.
		p.timers[resendTimer] = min(p.timers[resendTimer], after(now, int64(min(f.Retry, longest))))
	}
	p.weft.muted = p.weft.muted || f.Reason == codec.ReadOnly
	p.out.push(Output{Kind: Rejected, Reason: f.Reason, Retry: int64(min(f.Retry, longest)), Payload: u, Text: f.Text})
	p.tellCounts()
	return nil
}

// receiveToken acts on what became of our token.
func (p *Provider) receiveToken(now int64, a codec.AccessNotice) {
	switch a.Kind {
	case codec.Renew:
		if p.cfg.Token {
			p.out.push(Output{Kind: AskToken, Conn: p.conn})
		}
	case codec.Refused:
		if a.Denial == codec.Unavailable {
			p.receiveFault(now, codec.Ending{Code: codec.Quarantined, Text: a.Text})
			return
		}
		p.weft.verdict, p.weft.denial, p.weft.text = AuthFailed, a.Denial, a.Text
		p.code = codec.Unauthorized
		p.fire(now, ended)
	}
}

// receiveFault acts on the end of the document.
func (p *Provider) receiveFault(now int64, e codec.Ending) {
	w := &p.weft
	w.text = e.Text
	p.code = e.Code
	switch {
	case e.Code == codec.Diverged:
		w.verdict = Diverged
		p.fire(now, ended)
	case e.Code.Permanent():
		p.fire(now, ended)
	default:
		w.hint = int64(min(e.Retry, longest))
		p.fire(now, dropped)
	}
}

// endProgress tells the end of a large answer, if one was told of.
func (p *Provider) endProgress() {
	w := &p.weft
	if w.progress.Total > 0 {
		total := w.loaded + w.progress.Total
		p.out.push(Output{Kind: Progressed, Done: total, Total: total})
	}
	w.loaded, w.progress = 0, codec.Part{}
}

// tellCounts puts out the counts if they have changed, and mean something.
func (p *Provider) tellCounts() {
	w := &p.weft
	if c := w.ledger.counts(); w.met && c != w.told {
		w.told = c
		p.out.push(Output{Kind: CountsChanged, Counts: c})
	}
}

// mayJoin reports whether the first frame is due: it needs the token, if the host has
// tokens.
func (w *weft) mayJoin(token bool) bool { return w.on && !w.joined && (w.hasToken || !token) }

// begin is for a new connection.
func (w *weft) begin() {
	w.on, w.heard, w.joined, w.muted, w.hint = false, false, false, false, 0
	w.token, w.hasToken = "", false
}

// disconnect is for the end of one.
func (w *weft) disconnect() {
	w.ledger.disconnect()
	w.loaded += w.progress.Done
	w.progress = codec.Part{}
	w.chunks = nil
}

// doubt notes the end of an attempt: whether the next one should offer the framing.
// Browsers give up a connection on which nothing was selected, before it is open, and
// a server that selects what it does not know may hang up when it hears it.
func (w *weft) doubt(connected, always bool) {
	switch {
	case w.met || w.heard || always && !connected:
	case w.offered && (!connected || w.on):
		w.legacy = true
	case !w.offered && !connected:
		w.legacy = false
	}
}

// fallBack goes on in the y framing: the server selected the subprotocol without
// knowing it.
func (p *Provider) fallBack() {
	w := &p.weft
	w.on, w.legacy, w.joined = false, true, false
	w.ledger.disconnect()
	p.box.reset()
	p.introduce()
}
