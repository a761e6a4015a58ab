package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// SaturateConfig says how hard pairs of members write to each other.
type SaturateConfig struct {
	Room     string // beginning of the rooms' names, not used by another call
	Seed     uint64
	Rooms    int
	Window   int // characters of one member that may be on their way
	Duration time.Duration
	// Count, if it is not 0, ends a member's writing after so many characters.
	Count int
	// Run, if it is not 0, has every author go to another place of its text
	// after so many characters. Otherwise all is typed at the end.
	Run int
}

// Saturate fills rooms with two members each, both of whom write as fast as
// the other receives: a member sends whenever fewer than Window of its
// characters are outstanding.
func Saturate(ctx context.Context, t Target, c SaturateConfig) (Result, error) {
	draw := names(c.Seed)
	var seats []seat
	var authors []*author
	for room := range c.Rooms {
		byID := map[uint64]*author{}
		for who := range 2 {
			a := newAuthor(clientID(draw), c.Window)
			if c.Run > 0 {
				a.run, a.jump = uint64(c.Run), rand.New(rand.NewPCG(c.Seed, a.id)).Uint64N
			}
			byID[a.id] = a
			authors = append(authors, a)
			seats = append(seats, seat{
				room: fmt.Sprintf("%s-%d", c.Room, room), id: a.id,
				name: fmt.Sprintf("Member %d", who), authors: byID,
			})
		}
	}
	members, err := joinAll(ctx, t.Addr, t.Wire, seats)
	if err != nil {
		return Result{}, err
	}
	defer closeAll(members)
	for i, a := range authors {
		a.by = members[i]
	}
	if err := sleep(ctx, rest); err != nil {
		return Result{}, err
	}
	watch, err := start(t)
	if err != nil {
		return Result{}, err
	}

	end := time.Now().Add(c.Duration)
	writing, stop := context.WithDeadline(ctx, end)
	defer stop()
	errs := make([]error, len(authors))
	var wg sync.WaitGroup
	for i, a := range authors {
		wg.Go(func() {
			for n := 0; (c.Count == 0 || n < c.Count) && time.Now().Before(end); n++ {
				for a.clock-a.arrived.Load() >= uint64(c.Window) {
					select {
					case <-a.more:
					case <-writing.Done():
						return
					}
				}
				// ctx and not writing: a write that is cut off in the middle
				// would end the connection.
				if err := a.send(ctx); err != nil {
					errs[i] = fmt.Errorf("load: send: %w", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return Result{}, err
		}
	}
	return watch.finish(ctx, members, authors, 1)
}
