package room

import (
	"fmt"
	"strings"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// describeFrame says in words what a frame is.
func describeFrame(frame []byte) string {
	m, err := codec.DecodeY(frame)
	if err != nil {
		return err.Error()
	}
	switch m.Kind {
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
