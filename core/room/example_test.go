package room_test

import (
	"errors"
	"fmt"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
)

// A room with two members. A host has sockets and a store where this prints.
func Example() {
	r := room.New(room.Config{Doc: update.NewDoc()})
	now := int64(0) // milliseconds of a monotonic clock

	outputs := func() {
		if u, seq, ok := r.Append(); ok {
			fmt.Printf("store %d bytes as #%d\n", len(u), seq)
		}
		for _, m := range r.Ready() {
			for _, frame := range r.Take(m, nil) {
				msg, _ := codec.DecodeY(frame)
				fmt.Printf("to %d: %v %x\n", m, msg.Kind, msg.Payload)
			}
			r.HandleWritten(now, m)
		}
	}
	frame := func(m room.Member, kind codec.Kind, payload []byte) {
		f := codec.EncodeY(codec.Message{Kind: kind, Payload: payload})
		if err := r.HandleFrame(now, m, f); err != nil {
			code := codec.Internal
			if fault, ok := errors.AsType[*codec.PeerError](err); ok {
				code = fault.Code
			}
			fmt.Printf("close %d with %v\n", m, code)
			r.Leave(now, m)
		}
	}

	r.Join(now, 1)
	r.Join(now, 2)
	frame(1, codec.SyncStep1, []byte{0})
	frame(2, codec.SyncStep1, []byte{0})
	outputs()

	// Member 1 types "hi" into the text "t".
	frame(1, codec.SyncUpdate, []byte{1, 1, 7, 0, 4, 1, 1, 't', 2, 'h', 'i', 0})
	outputs()

	frame(2, codec.SyncUpdate, []byte("nonsense"))
	fmt.Println(r.Members(), "member left")

	// Output:
	// to 1: SyncStep2 0000
	// to 1: SyncStep1 00
	// to 2: SyncStep2 0000
	// to 2: SyncStep1 00
	// store 12 bytes as #1
	// to 2: SyncUpdate 010107000401017402686900
	// close 2 with 4400 (bad message)
	// 1 member left
}
