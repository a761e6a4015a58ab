package host

import "time"

// Clock is the host's monotonic time. Now returns milliseconds since a moment
// that does not change while the process lives; it never goes back.
type Clock interface {
	Now() int64
}

// MonotonicClock is a [Clock] that counts the milliseconds since it was made.
// Inside a testing/synctest bubble it follows the bubble's time.
type MonotonicClock struct {
	start time.Time
}

// NewClock returns a MonotonicClock that stands at 1: zero is kept free, so
// that a machine may use it for "never".
func NewClock() *MonotonicClock {
	return &MonotonicClock{start: time.Now().Add(-time.Millisecond)}
}

// Now returns the milliseconds since the clock was made, plus one.
func (c *MonotonicClock) Now() int64 {
	return time.Since(c.start).Milliseconds()
}
