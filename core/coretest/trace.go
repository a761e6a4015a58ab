package coretest

import "strconv"

// Trace is a hash over everything that happened in a simulation, in order. Equal
// traces mean equal runs.
type Trace struct {
	// Print, if set, gets each line as it is added, without a line end.
	Print func(line []byte)

	sum   uint64
	lines uint64
	buf   []byte
}

// Sum returns the hash of the lines so far (FNV-1a, 64 bits).
func (t *Trace) Sum() uint64 { return t.sum }

// Lines returns how many lines there are.
func (t *Trace) Lines() uint64 { return t.lines }

// line starts a line with a time and the names of who and what.
func (t *Trace) line(at int64, who, what string) *Trace {
	t.buf = strconv.AppendInt(t.buf[:0], at, 10)
	return t.str(who).str(what)
}

func (t *Trace) str(s string) *Trace {
	t.buf = append(append(t.buf, ' '), s...)
	return t
}

func (t *Trace) num(key string, v int64) *Trace {
	t.str(key)
	t.buf = strconv.AppendInt(append(t.buf, '='), v, 10)
	return t
}

// data adds the length and hash of bytes.
func (t *Trace) data(b []byte) *Trace {
	t.num("len", int64(len(b)))
	t.buf = append(t.buf, " #"...)
	t.buf = strconv.AppendUint(t.buf, hash(fnvOffset, b), 16)
	return t
}

// end adds the line to the trace.
func (t *Trace) end() {
	if t.lines == 0 {
		t.sum = fnvOffset
	}
	t.lines++
	t.sum = hash(hash(t.sum, t.buf), []byte{'\n'})
	if t.Print != nil {
		t.Print(t.buf)
	}
}

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

func hash(sum uint64, b []byte) uint64 {
	for _, c := range b {
		sum = (sum ^ uint64(c)) * fnvPrime
	}
	return sum
}
