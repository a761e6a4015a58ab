package room

import "github.com/weft-sync/weft/core/codec"

// account counts the updates of one member, so that it can be told which are
// received and which are saved. An update is saved when the append is that has it,
// or, if it brought nothing new, the last append that was due when it came: that
// one, or one before, has what it repeats.
type account struct {
	received uint64
	saved    uint64
	told     codec.Acknowledgement
	marks    []mark // ascending, of updates that are not saved
	refused  []codec.Refusal
	tokens   int64 // bytes that may come at once, see limit
	filled   int64 // when tokens was computed
	counting bool  // it was
}

// mark says that the updates up to a number are saved when the append seq is.
type mark struct{ update, seq uint64 }

// maxMarks bounds the marks of a member. When a store takes nothing for long the
// newest ones are joined: their updates are reported together, with the last.
const maxMarks = 64

// maxNacks is how many refusals are told in one frame, which has room for
// codec.MaxMessages.
const maxNacks = 50

// maxRefused bounds the refusals that are not taken. Only a member that does not
// read has so many; what it is not told of it hears of as rate limited, which makes
// it send again.
const maxRefused = 1000

// add counts an update, which is saved when the append seq is; 0: with those
// before it.
func (a *account) add(seq uint64) {
	a.received++
	n := len(a.marks)
	switch {
	case n > 0 && (a.marks[n-1].seq >= seq || n == maxMarks):
		a.marks[n-1].update = a.received
		a.marks[n-1].seq = max(a.marks[n-1].seq, seq)
	case n == 0 && seq == 0:
		a.saved = a.received
	default:
		a.marks = append(a.marks, mark{a.received, seq})
	}
}

// refuse counts an update that has no effect.
func (a *account) refuse(f codec.Refusal) {
	a.add(0)
	f.Update = a.received
	if len(a.refused) == maxRefused {
		a.refused[maxRefused-1] = codec.Refusal{Update: f.Update, Reason: codec.RateLimited, Retry: 1000}
		return
	}
	a.refused = append(a.refused, f)
}

// stored notes that appends up to seq are durable.
func (a *account) stored(seq uint64) {
	n := 0
	for n < len(a.marks) && a.marks[n].seq <= seq {
		a.saved = a.marks[n].update
		n++
	}
	a.marks = a.marks[:copy(a.marks, a.marks[n:])]
}

// waits reports whether there are updates that are not saved.
func (a *account) waits() bool { return len(a.marks) > 0 }

// changed reports whether there is something to tell.
func (a *account) changed() bool {
	return len(a.refused) > 0 || a.told != codec.Acknowledgement{Received: a.received, Saved: a.saved}
}

// take returns what is to be told, which is told then: refusals first, and when none
// is left the counts. The refusals are valid until the next call of a method.
func (a *account) take() (refused []codec.Refusal, ack codec.Acknowledgement, news bool) {
	if len(a.refused) > maxNacks {
		refused = a.refused[:maxNacks]
		a.refused = a.refused[maxNacks:]
		return refused, ack, false
	}
	refused, a.refused = a.refused, nil
	ack = codec.Acknowledgement{Received: a.received, Saved: a.saved}
	news = ack != a.told
	a.told = ack
	return refused, ack, news
}

// limit takes the bytes of an update out of what may come: rate bytes a second, and
// burst at once. If nothing may come it returns the milliseconds until something
// may. An update may be larger than what is left, so that none is too large for ever.
func (a *account) limit(now int64, size, rate, burst int) (retry int64) {
	if rate <= 0 {
		return 0
	}
	if !a.counting {
		a.counting, a.tokens = true, int64(burst)
	} else if passed := min(now-a.filled, 1<<30); passed > 0 {
		a.tokens = min(int64(burst), a.tokens+passed*int64(rate)/1000)
	}
	a.filled = now
	if a.tokens <= 0 {
		return 1 + (1-a.tokens)*1000/int64(rate)
	}
	a.tokens -= int64(size)
	return 0
}
