package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// HoldConfig says how many members sit in how many rooms and do nothing.
type HoldConfig struct {
	Room    string // beginning of the rooms' names
	Seed    uint64
	Members int
	Rooms   int
}

// renewal is how often a provider says that its presence still holds
// (y-protocols@1.0.7/awareness.js: half of outdatedTimeout).
const renewal = 15 * time.Second

// Hold joins the members, each with its presence, which it renews as providers
// do, spread over the interval. It returns a function that closes their
// connections.
func Hold(ctx context.Context, t Target, c HoldConfig) (closer func(), err error) {
	draw := names(c.Seed)
	seats := make([]seat, c.Members)
	for i := range seats {
		seats[i] = seat{
			room: fmt.Sprintf("%s-%d", c.Room, i%c.Rooms),
			id:   clientID(draw), name: fmt.Sprintf("Member %d", i),
		}
	}
	members, err := joinAll(ctx, t.Addr, t.Wire, seats)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		each := time.NewTicker(renewal / time.Duration(len(members)))
		defer each.Stop()
		var frame []byte
		for clock := uint64(2); ; clock++ {
			for i, m := range members {
				select {
				case <-each.C:
				case <-ctx.Done():
					return
				}
				frame = appendPresence(frame[:0], m.prefix, m.id, clock, seats[i].name)
				// A connection that the server closed is found by whoever
				// counts on it.
				_ = m.conn.Write(ctx, websocket.MessageBinary, frame)
			}
		}
	})
	return func() {
		cancel()
		renewing.Wait()
		closeAll(members)
	}, nil
}
