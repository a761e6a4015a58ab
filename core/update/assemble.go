package update

import (
	"math"

	"github.com/weft-sync/weft/core/lib0"
)

// assembler collects the struct part of an update as references to bytes that
// exist already, because a section begins with the number of its structs and the
// number is known only at its end. Then all of it is written at once into one
// slice of the right size.
type assembler struct {
	sources [][]byte
	indexes []*index // of one source each, or one of all
	scratch []byte   // structs that had to be made: Skips, GCs, cut items

	sections []section
	pieces   []piece
	keep     *index // where to put runs and marks of the output; nil: not wanted
}

// section is the structs of one client.
type section struct {
	client, clock uint64
	n             int // structs
	size          int // bytes of the structs
	pieces, runs  int // how many pieces, and runs of keep, there are up to its end
}

// piece is whole structs of one run of a source.
type piece struct {
	src          uint32 // fromScratch, or an index into sources
	off, stop    uint32
	passed       uint32 // structs of the run before the piece
	fix, fixed   uint32 // the run's fixes
	mark, marked uint32 // the run's marks
}

const fromScratch = math.MaxUint32

// indexOf returns the index of a source.
func (a *assembler) indexOf(src uint32) *index {
	if len(a.indexes) == 1 {
		return a.indexes[0]
	}
	return a.indexes[src]
}

// begin starts the section of a client. If nothing is added to it, it is not
// written.
func (a *assembler) begin(client uint64) {
	if k := len(a.sections) - 1; k >= 0 && a.sections[k].n == 0 {
		a.sections = a.sections[:k]
	}
	a.sections = append(a.sections, section{client: client})
}

// structs adds n structs, in bytes of a source, for the clocks of r; the last of
// them starts at last.
func (a *assembler) structs(p piece, n int, r Range, last uint32) {
	s := &a.sections[len(a.sections)-1]
	if s.n == 0 {
		s.clock = r.Start
	}
	if a.keep != nil {
		to := a.extend(s, p, r.Start)
		to.n += uint32(n)
		to.end = r.End
		to.last = uint32(s.size) + last - p.off
		to.stop = uint32(s.size) + p.stop - p.off
		s.runs = len(a.keep.runs)
	}
	a.pieces = append(a.pieces, p)
	s.n += n
	s.size += int(p.stop - p.off)
	s.pieces = len(a.pieces)
}

// extend returns the run of the output to which a piece, from a clock on, is about
// to be added, with the marks that the piece brings. In the index, offsets count
// from the first struct of the section until the output is written.
func (a *assembler) extend(s *section, p piece, clock uint64) *run {
	x := a.keep
	at := uint32(len(x.marks))
	k := len(x.runs) - 1
	if s.n == 0 || x.runs[k].end != clock {
		x.runs = append(x.runs, run{client: s.client, clock: clock, off: uint32(s.size), mark: at, marked: at})
		k++
	}
	to := &x.runs[k]
	if at > to.mark && to.n-x.marks[at-1].passed >= markEvery || at == to.mark && to.n >= markEvery {
		x.marks = append(x.marks, mark{clock, uint32(s.size), to.n})
	}
	if p.mark < p.marked {
		for _, m := range a.indexOf(p.src).marks[p.mark:p.marked] {
			if m.passed > p.passed && m.off < p.stop {
				x.marks = append(x.marks, mark{m.clock, uint32(s.size) + m.off - p.off, to.n + m.passed - p.passed})
			}
		}
	}
	to.marked = uint32(len(x.marks))
	return to
}

// made adds one struct that was appended to scratch from an offset on.
func (a *assembler) made(from int, r Range) {
	a.structs(piece{src: fromScratch, off: uint32(from), stop: uint32(len(a.scratch))}, 1, r, uint32(from))
}

// gc adds a GC for some clocks.
func (a *assembler) gc(r Range) {
	from := len(a.scratch)
	a.scratch = lib0.AppendUint(append(a.scratch, byte(KindGC)), r.End-r.Start)
	a.made(from, r)
}

// skip adds a Skip for some clocks, which the index of the output leaves out.
func (a *assembler) skip(r Range) {
	from := len(a.scratch)
	a.scratch = lib0.AppendUint(append(a.scratch, byte(KindSkip)), r.End-r.Start)
	keep := a.keep
	a.keep = nil
	a.made(from, r)
	a.keep = keep
}

// bytes writes the struct part and returns it with room for room bytes more. The
// index of the output, if one was wanted, refers to it then.
func (a *assembler) bytes(room int) []byte {
	if k := len(a.sections) - 1; k >= 0 && a.sections[k].n == 0 {
		a.sections = a.sections[:k]
	}
	size := lib0.SizeUint(uint64(len(a.sections))) + room
	for i := range a.sections {
		s := &a.sections[i]
		size += lib0.SizeUint(uint64(s.n)) + lib0.SizeUint(s.client) + lib0.SizeUint(s.clock) + s.size
	}
	b := make([]byte, 0, size)
	b = lib0.AppendUint(b, uint64(len(a.sections)))
	next, nextRun := 0, 0
	for i := range a.sections {
		s := &a.sections[i]
		b = lib0.AppendUint(b, uint64(s.n))
		b = lib0.AppendUint(b, s.client)
		b = lib0.AppendUint(b, s.clock)
		for ; nextRun < s.runs; nextRun++ {
			a.keep.shift(nextRun, uint32(len(b)))
		}
		for ; next < s.pieces; next++ {
			b = a.copy(b, &a.pieces[next])
		}
	}
	return b
}

func (a *assembler) copy(b []byte, p *piece) []byte {
	if p.src == fromScratch {
		return append(b, a.scratch[p.off:p.stop]...)
	}
	at := len(b)
	b = append(b, a.sources[p.src][p.off:p.stop]...)
	if p.fix == p.fixed {
		return b
	}
	for _, fix := range a.indexOf(p.src).fixes[p.fix:p.fixed] {
		if fix >= p.off && fix < p.stop {
			i := at + int(fix-p.off)
			b[i] = fixedInfo(b[i])
		}
	}
	return b
}
