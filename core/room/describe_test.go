package room

import (
	"fmt"
	"strings"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// describeFrame says in words what a frame of the y framing is, or one of the weft
// framing without the ID.
func describeFrame(frame []byte) string {
	if m, err := codec.DecodeY(frame); err == nil {
		return describeMessage(m)
	}
	var words []string
	if err := codec.EachWeft(frame, func(m codec.Message) error {
		words = append(words, describeMessage(m))
		return nil
	}); err != nil {
		return err.Error()
	}
	return strings.Join(words, " + ")
}

func describeMessage(m codec.Message) string {
	switch m.Kind {
	case codec.SyncCross:
		u, vector, err := codec.DecodeCross(m.Payload)
		if err != nil {
			return err.Error()
		}
		return "cross " + describeUpdate(u) + " has " + describeVector(vector)
	case codec.Epoch:
		return fmt.Sprintf("epoch %x", m.Payload)
	case codec.Read, codec.ReadWrite:
		return strings.TrimSpace(strings.ToLower(m.Kind.String()) + " " + string(m.Payload))
	case codec.Ack:
		a, err := codec.DecodeAck(m.Payload)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("ack %d received, %d saved", a.Received, a.Saved)
	case codec.Nack:
		f, err := codec.DecodeNack(m.Payload)
		if err != nil {
			return err.Error()
		}
		s := fmt.Sprintf("nack of %d: %v", f.Update, f.Reason)
		if f.Text != "" {
			s += fmt.Sprintf(" %q", f.Text)
		}
		if f.Retry > 0 {
			s += fmt.Sprintf(", again in %d ms", f.Retry)
		}
		return s
	case codec.Progress:
		p, err := codec.DecodeProgress(m.Payload)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("progress %d of %d", p.Done, p.Total)
	case codec.SyncStep1:
		return "step1 " + describeVector(m.Payload)
	case codec.SyncStep2:
		return "step2 " + describeUpdate(m.Payload)
	case codec.SyncUpdate:
		return "update " + describeUpdate(m.Payload)
	case codec.Awareness:
		return "awareness " + describeAwareness(m.Payload)
	default:
		return m.Kind.String()
	}
}

// describeUpdate lists the ids that an update has, and those it deletes.
func describeUpdate(u []byte) string {
	structs, deletes, err := update.Contents(u)
	if err != nil {
		return err.Error()
	}
	var words []string
	for client, r := range structs.All() {
		words = append(words, fmt.Sprintf("%d:%d-%d", client, r.Start, r.End))
	}
	for client, r := range deletes.All() {
		words = append(words, fmt.Sprintf("del:%d:%d-%d", client, r.Start, r.End))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}

func describeVector(b []byte) string {
	r := lib0.NewReader(b)
	words := []string{}
	for n := r.Count("clients", 2); n > 0; n-- {
		words = append(words, fmt.Sprintf("%d:%d", r.Uint("client"), r.Uint("clock")))
	}
	if err := r.End("state vector"); err != nil {
		return err.Error()
	}
	return "{" + strings.Join(words, " ") + "}"
}

func describeAwareness(b []byte) string {
	r := lib0.NewReader(b)
	words := []string{}
	for n := r.Count("entries", 3); n > 0; n-- {
		words = append(words, fmt.Sprintf("%d@%d=%s", r.Uint("client"), r.Uint("clock"), r.String("state")))
	}
	if err := r.End("awareness update"); err != nil {
		return err.Error()
	}
	if len(words) == 0 {
		return "of nobody"
	}
	return strings.Join(words, " ")
}
