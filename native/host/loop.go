package host

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"time"
)

const (
	// Never as a wake-up time: only an event wakes the loop.
	Never = math.MaxInt64
	// Stop as a wake-up time: Run returns. Events that are still queued stay
	// in the inbox for the next Run.
	Stop = math.MinInt64
)

// ErrClosed is returned by [Loop.Put] once the loop was closed.
var ErrClosed = errors.New("host: the loop is closed")

// keepSlots is how many event slots a sleeping loop keeps for the next batch.
// A server has many thousands of sleeping loops, and a burst must not leave
// its high-water mark in each of them.
const keepSlots = 4

// maxSleep, in milliseconds, keeps a far wake-up time within a time.Duration.
const maxSleep = 24 * 60 * 60 * 1000

// Loop is an inbox of events and the goroutine that handles them in batches.
// Put, Post, Close and the getters may be called from any goroutine. Run is
// called by one goroutine at a time: the owner of the machine.
type Loop[E any] struct {
	clock Clock
	limit int
	wake  chan struct{} // one slot: something was queued since the loop last looked

	mu     sync.Mutex
	inbox  []E
	bytes  int           // the sizes of what is in inbox
	room   chan struct{} // closed when the inbox was taken; nil while nobody waits
	closed bool
}

// NewLoop returns a loop whose inbox holds back [Loop.Put] while it has more
// than limit bytes. A limit of 0 or less means 1 MiB.
func NewLoop[E any](clock Clock, limit int) *Loop[E] {
	if limit <= 0 {
		limit = 1 << 20
	}
	return &Loop[E]{clock: clock, limit: limit, wake: make(chan struct{}, 1)}
}

// Now is the loop's clock.
func (l *Loop[E]) Now() int64 { return l.clock.Now() }

// Put queues an event that holds size bytes. While the inbox holds more than
// the limit, Put waits: a socket's reader that waits here stops reading, and
// the peer feels it. It returns ErrClosed, and the event is not queued, once
// the loop is closed.
func (l *Loop[E]) Put(e E, size int) error {
	l.mu.Lock()
	for l.bytes > l.limit && !l.closed {
		if l.room == nil {
			l.room = make(chan struct{})
		}
		room := l.room
		l.mu.Unlock()
		<-room
		l.mu.Lock()
	}
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.inbox = append(l.inbox, e)
	l.bytes += size
	first := len(l.inbox) == 1
	l.mu.Unlock()
	if first {
		l.signal()
	}
	return nil
}

// Post queues an event and never waits. It is for completions, whose number is
// bounded by what the machine asked for, and it works on a closed loop too:
// whoever runs the loop to its end still wants to hear them.
func (l *Loop[E]) Post(e E) {
	l.mu.Lock()
	l.inbox = append(l.inbox, e)
	first := len(l.inbox) == 1
	l.mu.Unlock()
	if first {
		l.signal()
	}
}

// Close makes every Put, waiting ones too, return ErrClosed. It does not end
// Run: only the handler does, by returning Stop.
func (l *Loop[E]) Close() {
	l.mu.Lock()
	l.closed = true
	l.release()
	l.mu.Unlock()
}

// Queued returns how many events wait to be handled, and their bytes.
func (l *Loop[E]) Queued() (events, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inbox), l.bytes
}

func (l *Loop[E]) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// release lets waiting callers of Put look again. l.mu is held.
func (l *Loop[E]) release() {
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
}

// swap takes the whole inbox and leaves spare in its place.
func (l *Loop[E]) swap(spare []E) []E {
	// What is signalled was queued before, so this batch holds it: taking the
	// signal first spares the loop a turn with nothing to do.
	select {
	case <-l.wake:
	default:
	}
	l.mu.Lock()
	batch := l.inbox
	l.inbox = spare[:0]
	l.bytes = 0
	l.release()
	l.mu.Unlock()
	return batch
}

// Run handles events until handle returns Stop. It calls handle with
// everything that is queued, or with an empty batch when the time came that
// the last call asked for; the first call comes at once. now is the clock's
// time at the start of the batch. handle returns when it wants to be called at
// the latest: a time of the clock, [Never] or [Stop]. The batch is valid until
// handle returns, and belongs to the loop.
func (l *Loop[E]) Run(handle func(now int64, batch []E) (wake int64)) {
	var (
		timer *time.Timer
		spare []E
	)
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	for {
		batch := l.swap(spare)
		wake := handle(l.clock.Now(), batch)
		clear(batch) // so that handled frames can be collected
		if wake == Stop {
			return
		}
		spare = batch
		if n, _ := l.Queued(); n > 0 {
			continue
		}
		if cap(spare) > keepSlots {
			spare = nil
		}
		if wake == Never {
			if timer != nil {
				timer.Stop()
			}
			<-l.wake
			gather()
			continue
		}
		delay := time.Duration(min(max(wake-l.clock.Now(), 0), maxSleep)) * time.Millisecond
		if timer == nil {
			timer = time.NewTimer(delay)
		} else {
			timer.Reset(delay)
		}
		select {
		case <-l.wake:
			gather()
		case <-timer.C:
		}
	}
}

// gather lets goroutines that are ready run first: the reader that woke the loop is
// often one of several whose sockets had bytes at the same moment, and what they put
// belongs to the batch. When nobody else is ready it costs nothing.
func gather() { runtime.Gosched() }
