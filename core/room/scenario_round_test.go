package room

import (
	"fmt"
	"strings"
)

func (s *scenario) append() string {
	u, seq, ok := s.room.Append()
	if !ok {
		return "nothing to store\n"
	}
	return fmt.Sprintf("store #%d %s\n", seq, describeUpdate(u))
}

func (s *scenario) ready() string {
	if ready := s.room.Ready(); len(ready) > 0 {
		return fmt.Sprintf("ready %v\n", ready)
	}
	return "nobody\n"
}

// take prints what a member is sent, a line for each frame.
func (s *scenario) take(m Member) string {
	frames := s.room.Take(m, nil)
	if len(frames) == 0 {
		return fmt.Sprintf("%d <- nothing\n", m)
	}
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "%d <- %s\n", m, describeFrame(f))
	}
	return b.String()
}

// round does what a host does after a batch. If all is written at once, it goes
// on until nobody is ready.
func (s *scenario) round(written bool) string {
	var b strings.Builder
	if _, seq, ok := s.room.Append(); ok {
		fmt.Fprintf(&b, "store #%d\n", seq)
	}
	for {
		ready := append([]Member(nil), s.room.Ready()...)
		for _, m := range ready {
			b.WriteString(s.take(m))
		}
		if !written || len(ready) == 0 {
			return b.String()
		}
		for _, m := range ready {
			s.room.HandleWritten(s.now, m)
		}
	}
}
