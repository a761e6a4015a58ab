package load

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// FanOutConfig says how one room is written to and read by many.
type FanOutConfig struct {
	Room     string // not used by another call: its text must be empty
	Seed     uint64
	Members  int
	Writers  int // how many of the members write
	Rate     int // characters a second of each writer
	Duration time.Duration
	// Together has all writers send in the same instant. Otherwise each has
	// a phase of its own, drawn from Seed, as people have.
	Together bool
}

// FanOut has a few members of a large room type at a steady rate.
func FanOut(ctx context.Context, t Target, c FanOutConfig) (Result, error) {
	draw := names(c.Seed)
	each := int(c.Duration * time.Duration(c.Rate) / time.Second)
	byID := make(map[uint64]*author, c.Writers)
	seats := make([]seat, c.Members)
	authors := make([]*author, c.Writers)
	for i := range seats {
		seats[i] = seat{room: c.Room, id: clientID(draw), name: fmt.Sprintf("Member %d", i), authors: byID}
		if i < c.Writers {
			authors[i] = newAuthor(seats[i].id, each)
			byID[seats[i].id] = authors[i]
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

	// What joining caused (presence to everybody) must not be counted.
	if err := sleep(ctx, rest); err != nil {
		return Result{}, err
	}
	watch, err := start(t)
	if err != nil {
		return Result{}, err
	}
	late, err := play(ctx, schedule(c, authors, each, draw.Int64N))
	if err != nil {
		return Result{}, err
	}
	r, err := watch.finish(ctx, members, authors, uint64(c.Members-1))
	r.MaxLate = late
	return r, err
}

// a stroke is one character to be sent at a time.
type stroke struct {
	at time.Duration // since the start
	by *author
}

func schedule(c FanOutConfig, authors []*author, each int, draw func(int64) int64) []stroke {
	period := time.Second / time.Duration(c.Rate)
	var strokes []stroke
	for _, a := range authors {
		var phase time.Duration
		if !c.Together {
			phase = time.Duration(draw(int64(period)))
		}
		for i := range each {
			strokes = append(strokes, stroke{phase + time.Duration(i)*period, a})
		}
	}
	slices.SortStableFunc(strokes, func(a, b stroke) int { return int(a.at - b.at) })
	return strokes
}

// play sends every stroke at its time and returns how far behind it fell.
func play(ctx context.Context, strokes []stroke) (late time.Duration, err error) {
	begin := time.Now()
	for _, s := range strokes {
		behind := time.Since(begin) - s.at
		if behind < 0 {
			if err := sleep(ctx, -behind); err != nil {
				return late, err
			}
			behind = time.Since(begin) - s.at
		}
		late = max(late, behind)
		if err := s.by.send(ctx); err != nil {
			return late, fmt.Errorf("load: send: %w", err)
		}
	}
	return late, nil
}
