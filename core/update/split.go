package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// Split cuts an update into several of about size bytes each, for transports that
// should not carry a large document in one piece. Together they have what u has.
// Each is valid by itself and its structs depend on nothing but what is before
// them, here or in the document that u is for: whoever applies a prefix of the
// list has no struct pending that u would not leave pending, so that its state
// vector tells how far it came. The delete set is in the last one.
//
// A struct is never cut, so a single one larger than size makes a larger update.
// An update of at most size bytes is returned as it is; otherwise the results
// share no memory with u. The error is a *lib0.Error about u.
func Split(u []byte, size int) ([][]byte, error) {
	if len(u) <= size {
		if err := Validate(u); err != nil {
			return nil, err
		}
		return [][]byte{u}, nil
	}
	s := splitter{size: size}
	if err := s.load(u); err != nil {
		return nil, err
	}
	for i := range s.lanes {
		for !s.lanes[i].over {
			s.emit(i)
		}
	}
	s.flush(s.deletes)
	return s.out, nil
}

// splitter walks over all sections of an update at once.
type splitter struct {
	size    int
	lanes   []lane // descending by client
	deletes []byte // the delete set
	stack   []int  // lanes to go on with, the innermost last

	bytes int // in the update being made
	out   [][]byte
}

// lane is a client's section: where it has come to, and what of it is in the
// update being made.
type lane struct {
	scanner
	u     []byte
	over  bool // no struct is left; otherwise the scanner is on the next one
	busy  bool // on the stack
	count int  // structs in b
	first uint64
	skip  uint64 // length of a Skip that is not in b yet
	b     []byte
}

// load finds the sections. What has padded integers or repeated sections is
// rewritten first, so that the bytes of structs can be copied.
func (s *splitter) load(u []byte) error {
	sc := scan(u, withJSON)
	var clients clientOrder
	for sc.section() {
		clients.add(sc.client)
		l := lane{scanner: sc, u: u}
		l.advance()
		s.lanes = append(s.lanes, l)
		for sc.next() {
		}
	}
	s.deletes = u[sc.Offset():]
	if err := sc.rest(); err != nil {
		return err
	}
	if odd, repeated := sc.odd || sc.Padded(), clients.repeated(); odd || repeated {
		s.lanes = nil
		return s.load(rewritten(u, withJSON, odd, repeated))
	}
	slices.SortFunc(s.lanes, func(a, b lane) int {
		return clientClock{client: a.client}.compare(clientClock{client: b.client})
	})
	return nil
}

// advance goes to the next struct that is no Skip.
func (l *lane) advance() {
	for l.next() {
		if l.info != byte(KindSkip) {
			return
		}
		l.skip += l.units
	}
	l.over = true
}

// emit adds the next struct of a lane, and before it what it depends on.
func (s *splitter) emit(i int) {
	s.stack = append(s.stack[:0], i)
	s.lanes[i].busy = true
	for len(s.stack) > 0 {
		i := s.stack[len(s.stack)-1]
		if need := s.needs(&s.lanes[i]); need >= 0 {
			s.lanes[need].busy = true
			s.stack = append(s.stack, need)
			continue
		}
		s.stack = s.stack[:len(s.stack)-1]
		s.lanes[i].busy = false
		s.take(&s.lanes[i])
	}
}

// needs returns the lane that has to go on before the next struct of l, or -1. A
// lane that waits for l itself, which no document can make it do, is let be.
func (s *splitter) needs(l *lane) int {
	if l.info&infoKind == byte(KindGC) {
		return -1
	}
	r := lib0.NewReader(l.u[l.off:l.Offset()])
	p := readPlace(&r)
	for _, d := range [...]struct {
		has bool
		id  ID
	}{{p.HasOrigin, p.Origin}, {p.HasRightOrigin, p.RightOrigin}, {p.HasParent && p.ParentName == nil, p.ParentID}} {
		if !d.has || d.id.Client == l.client {
			continue
		}
		at, found := slices.BinarySearchFunc(s.lanes, d.id.Client, func(o lane, client uint64) int {
			return clientClock{client: o.client}.compare(clientClock{client: client})
		})
		if found && !s.lanes[at].busy && !s.lanes[at].over && s.lanes[at].start <= d.id.Clock {
			return at
		}
	}
	return -1
}

// take moves the next struct of a lane into the update being made.
func (s *splitter) take(l *lane) {
	raw := l.u[l.off:l.Offset()]
	if s.bytes > 0 && s.bytes+len(raw) > s.size {
		s.flush([]byte{0})
	}
	switch {
	case l.count == 0:
		l.first = l.start
		s.bytes += 12 // the head of a section, about
	case l.skip > 0:
		l.b = lib0.AppendUint(append(l.b, byte(KindSkip)), l.skip)
		l.count++
	}
	l.skip = 0
	l.b = append(l.b, raw...)
	l.count++
	s.bytes += len(raw)
	l.advance()
}

// flush ends the update being made.
func (s *splitter) flush(deletes []byte) {
	sections := 0
	for i := range s.lanes {
		if s.lanes[i].count > 0 {
			sections++
		}
	}
	b := lib0.AppendUint(make([]byte, 0, s.bytes+8*sections+len(deletes)+8), uint64(sections))
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.count == 0 {
			continue
		}
		b = lib0.AppendUint(b, uint64(l.count))
		b = lib0.AppendUint(b, l.client)
		b = lib0.AppendUint(b, l.first)
		b = append(b, l.b...)
		l.count, l.b = 0, l.b[:0]
	}
	s.out = append(s.out, append(b, deletes...))
	s.bytes = 0
}
