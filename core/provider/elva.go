package provider

import (
	"github.com/weft-sync/weft/core/codec"
)

// elva is the part of a Provider that only connections with ELVA's framing use: the
// messages of the y protocol behind an ID, so that a connection may carry many
// documents (docs/wire/elva.md). A Provider has one of them; what is about others is
// ignored.
//
// It behaves as ELVA's ElvaWebsocketProvider does (ELVA v0.33, src/elva/provider.py):
// on connect it sends its whole state after its state vector, without being asked, as
// a server that only broadcasts never asks. Unlike that one it does not send back what
// it was sent.
type elva struct {
	framing *codec.Framing // of the connection; nil: it has another one
	heard   bool           // the server has spoken, so framing is its own
}

// address puts the document's name before a frame, where the connection's framing
// wants that.
func (p *Provider) address(f []byte) []byte {
	e := p.elva.framing
	if e == nil {
		return f
	}
	b := make([]byte, 0, e.SizeID(p.cfg.Document)+len(f))
	return append(e.AppendID(b, p.cfg.Document), f...)
}

// handleELVA takes a frame of ELVA's framing. Messages that have no meaning here are
// passed over.
func (p *Provider) handleELVA(now int64, frame []byte) *codec.PeerError {
	e := &p.elva
	if !e.heard {
		if f := codec.DetectELVA(frame); f != nil {
			e.framing, e.heard = f, true
		}
	}
	id, rest, err := e.framing.CutID(frame)
	if err != nil || string(id) != p.cfg.Document {
		return peerError(err)
	}
	for n := 0; len(rest) > 0; n++ {
		if n == maxMessages {
			return codec.Malformed("too many messages in a frame", nil)
		}
		var m codec.Message
		if m, rest, err = e.framing.Cut(rest); err != nil {
			return peerError(err)
		}
		switch m.Kind {
		case codec.SyncStep1, codec.SyncStep2, codec.SyncUpdate, codec.Awareness:
			if err := p.receive(now, m); err != nil {
				return peerError(err)
			}
		}
	}
	return nil
}
