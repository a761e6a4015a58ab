package provider

import (
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// HandleFrame takes a binary frame from the server. What cannot be decoded is a
// *codec.PeerError, for the host to log: the machine has already asked to Close the
// connection with its code, and backs off. The frame is only read, and may be
// reused once the outputs it caused are performed.
//
// A frame may hold several messages, as y-sync's servers send them. A kind of
// message that is not part of the y protocol ends the frame and is otherwise
// ignored, as in y-websocket: servers send their own ones that clients need not know.
func (p *Provider) HandleFrame(now int64, conn uint32, frame []byte) error {
	now = p.advance(now)
	if conn != p.conn || !p.Connected() {
		if conn == p.conn && p.state == Dialing {
			return codec.UsageError("provider: a frame before HandleOpen")
		}
		return nil
	}
	p.heard(now)
	if p.weft.on && !p.weft.heard && !beginsWeft(frame) {
		p.fallBack()
	}
	var err *codec.PeerError
	switch {
	case p.weft.on:
		err = p.handleWeft(now, frame)
	case p.elva.framing != nil:
		err = p.handleELVA(now, frame)
	default:
		err = eachMessage(frame, func(m codec.Message) error { return p.receive(now, m) })
	}
	if err != nil {
		p.code = err.Code
		p.fire(now, faulted)
		return err
	}
	return nil
}

// receive acts on one message from the server.
func (p *Provider) receive(now int64, m codec.Message) error {
	switch m.Kind {
	case codec.SyncStep1:
		if _, err := update.DecodeStateVector(m.Payload); err != nil {
			return err
		}
		p.askDiff(m.Payload)
	case codec.SyncStep2, codec.SyncUpdate:
		if err := update.Validate(m.Payload); err != nil {
			return err
		}
		p.relay.confirm(m.Payload)
		p.out.push(Output{Kind: Apply, Conn: p.conn, Payload: m.Payload})
		if m.Kind == codec.SyncStep2 {
			p.fire(now, caughtUp)
		}
	case codec.Awareness:
		if err := checkPresence(m.Payload); err != nil {
			return err
		}
		p.out.push(Output{Kind: ApplyAwareness, Conn: p.conn, Payload: m.Payload})
	case codec.QueryAwareness:
		p.askAll()
	case codec.Auth:
		p.denied = true
		p.out.push(Output{Kind: Denied, Conn: p.conn, Payload: m.Payload})
	}
	return nil
}

// HandleBroadcast takes a frame that another tab posted. What cannot be decoded is
// a *codec.PeerError and otherwise ignored. The frame is only read, and may be
// reused once the outputs it caused are performed.
func (p *Provider) HandleBroadcast(now int64, frame []byte) error {
	p.advance(now)
	if !p.tabs {
		return nil
	}
	if err := eachMessage(frame, p.receiveTab); err != nil {
		return err
	}
	return nil
}

// receiveTab acts on one message from another tab. It says nothing about the
// server: Synced is not touched.
func (p *Provider) receiveTab(m codec.Message) error {
	switch m.Kind {
	case codec.SyncStep1:
		if _, err := update.DecodeStateVector(m.Payload); err != nil {
			return err
		}
		p.out.push(Output{Kind: AskDiff, Conn: Tabs, Payload: m.Payload})
	case codec.SyncStep2, codec.SyncUpdate:
		if err := update.Validate(m.Payload); err != nil {
			return err
		}
		p.out.push(Output{Kind: Apply, Conn: Tabs, Payload: m.Payload})
	case codec.Awareness:
		if err := checkPresence(m.Payload); err != nil {
			return err
		}
		p.out.push(Output{Kind: ApplyAwareness, Conn: Tabs, Payload: m.Payload})
	case codec.QueryAwareness:
		p.out.push(Output{Kind: AskAllAwareness, Conn: Tabs})
	}
	return nil
}

// maxMessages is how many messages a frame may hold. y-sync's servers send three at
// most; without a bound a frame of one-byte questions would cost fifty times its size.
const maxMessages = 64

// eachMessage calls do for each message of a frame, up to the first that is
// malformed or that do finds to be. A message of a kind that the protocol does not
// have is the last one, as nothing tells its length.
func eachMessage(frame []byte, do func(codec.Message) error) *codec.PeerError {
	for range maxMessages {
		n, known, err := messageLen(frame)
		if err == nil && !known {
			return nil
		}
		var m codec.Message
		if err == nil {
			m, err = codec.DecodeY(frame[:n])
		}
		if err == nil {
			err = do(m)
		}
		if err != nil {
			return peerError(err)
		}
		if frame = frame[n:]; len(frame) == 0 {
			return nil
		}
	}
	return codec.Malformed("too many messages in a frame", nil)
}

// peerError makes a PeerError of what was wrong with a frame.
func peerError(err error) *codec.PeerError {
	if e, ok := err.(*codec.PeerError); ok || err == nil {
		return e
	}
	return codec.Malformed("malformed payload", err)
}

// beginsWeft reports whether a frame may be one of the weft framing: it begins with an
// ID message.
func beginsWeft(frame []byte) bool {
	_, _, err := codec.CutWeft(frame)
	return err == nil
}

// messageLen returns how many bytes of a frame its first message takes.
func messageLen(frame []byte) (n int, known bool, err error) {
	r := lib0.NewReader(frame)
	switch r.Uint("message kind") {
	case 0, 2: // sync and auth: a kind of their own, and the payload
		r.Uint("message subkind")
		r.Bytes("message payload")
	case 1: // awareness
		r.Bytes("message payload")
	case 3: // query awareness
	default:
		return 0, false, r.Err()
	}
	return r.Offset(), true, r.Err()
}
