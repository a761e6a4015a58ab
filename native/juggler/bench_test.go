package juggler_test

import (
	"fmt"
	"testing"

	"github.com/weft-sync/weft/native/juggler"
)

func BenchmarkRequest(b *testing.B) {
	for _, tr := range transports {
		b.Run(tr.String(), func(b *testing.B) {
			_, address := start(b, juggler.ServerOptions{Transport: tr, OnRequest: answer})
			c := connect(b, address, juggler.ClientOptions{Transport: tr})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Send(b.Context(), "echo", 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChange changes one of a thousand parts of a state, and waits until a hundred
// clients have it.
func BenchmarkChange(b *testing.B) {
	rooms := make(map[string]map[string]int)
	for i := range 1000 {
		rooms[fmt.Sprintf("room %d", i)] = map[string]int{"members": 0, "bytes": i}
	}
	state, err := juggler.NewState(rooms)
	must(b, err)
	_, address := start(b, juggler.ServerOptions{State: state, Autoflush: juggler.EveryChange})
	const clients = 100
	got := make(chan struct{}, clients)
	for range clients {
		connect(b, address, juggler.ClientOptions{OnState: func(juggler.Snapshot) { got <- struct{}{} }})
	}
	wait := func() {
		for range clients {
			<-got
		}
	}
	wait()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		must(b, state.Set(juggler.Path{"room 500", "members"}, i+1))
		wait()
	}
}
