package slim

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// keptNames are the names that the runtime compares with at run time and that
// therefore survive: [runtimePrefix] tells a system goroutine from a user's
// (traceback.go#isSystemGoroutine), and the two reflect stubs have their
// argument maps computed (stkframe.go#argMapInternal).
var keptNames = []string{"reflect.makeFuncStub", "reflect.methodValueCall"}

const (
	runtimePrefix = "runtime."
	runtimeName   = "runtime.x" // what each runtime function is called afterwards
)

// strip returns a copy of img without what only tracebacks read and without the
// part that a start function is to write, and the number of functions. An error
// is a *[LayoutError]; img is only read.
func strip(img []byte, version string) ([]byte, fill, int, error) {
	if version == "" {
		return nil, fill{}, 0, refuse("the module does not name its Go version")
	}
	if !knownVersion(version) {
		return nil, fill{}, 0, refuse("the tables of %q are not known, only those of %q", version, Versions)
	}
	t, err := findTables(img)
	if err != nil {
		return nil, fill{}, 0, err
	}
	s := &stripper{img: slices.Clone(img), tables: t, pcLen: map[uint32]int{}, kept: make([]bool, t.pctab.n)}
	for i := range t.nfunc {
		if err := s.function(i); err != nil {
			return nil, fill{}, 0, err
		}
	}
	if err := s.finish(); err != nil {
		return nil, fill{}, 0, err
	}
	f, err := cutFindTable(s.img, t)
	return s.img, f, t.nfunc, err
}

// A stripper rewrites the tables of one image function by function.
type stripper struct {
	tables
	img     []byte
	pcLen   map[uint32]int    // length of each pctab table, once known
	kept    []bool            // pctab bytes of tables that stay
	nameAt  map[string]uint32 // offsets in the new name table
	newName []byte
	blank   []table // funcdata objects that go
	stay    []int   // starts of the funcdata objects that stay
}

func (s *stripper) u32(at int) uint32       { return binary.LittleEndian.Uint32(s.img[at:]) }
func (s *stripper) setU32(at int, v uint32) { binary.LittleEndian.PutUint32(s.img[at:], v) }

// function rewrites the _func entry of function i and notes which parts of the
// shared tables it still needs.
func (s *stripper) function(i int) error {
	offset := s.u32(s.funcs.at + i*functabSize + 4)
	if uint64(offset)+funcSize > uint64(s.pcln.n) {
		return refuse("function %d lies outside of the function table", i)
	}
	f := s.pcln.at + int(offset)
	npc, nfd := s.u32(f+funcNPCData), int(s.img[f+funcNFuncData])
	if npc > maxPCDataKinds || nfd > maxFuncData {
		return refuse("function %d has %d pcdata and %d funcdata", i, npc, nfd)
	}
	pcdata := f + funcSize
	funcdata := pcdata + 4*int(npc)
	if funcdata+4*nfd > s.pcln.at+s.pcln.n {
		return refuse("function %d lies outside of the function table", i)
	}
	if err := s.name(f + funcName); err != nil {
		return err
	}
	// A wrapper keeps its inlining: recover works only with exactly one frame
	// that is not a wrapper between it and the panic, and counts inlined
	// frames (panic.go#gorecover). In any other function the count is the
	// same without, because a function that calls recover is never inlined.
	keepInl := s.img[f+funcID] == funcIDWrapper
	inlined := 0
	for k := range int(npc) {
		at := pcdata + 4*k
		var drop bool
		switch k {
		case pcdataUnsafePoint, pcdataArgLive: // nothing preempts on wasm
			drop = true
		case pcdataInlTree:
			n, err := s.inlinedCalls(s.u32(at))
			if err != nil {
				return err
			}
			inlined, drop = n, !keepInl
		}
		if err := s.pcTable(at, drop); err != nil {
			return err
		}
	}
	if err := s.pcTable(f+funcPCSP, false); err != nil {
		return err
	}
	for _, at := range []int{f + funcPCFile, f + funcPCLine} {
		if err := s.pcTable(at, true); err != nil {
			return err
		}
	}
	s.setU32(f+funcCU, 0)
	s.setU32(f+funcStartLine, 0)
	for k := range nfd {
		if err := s.funcdata(funcdata+4*k, k, inlined, keepInl); err != nil {
			return err
		}
	}
	return nil
}

// name replaces the name offset at at by one into the new name table.
func (s *stripper) name(at int) error {
	if s.nameAt == nil {
		s.nameAt, s.newName = map[string]uint32{}, []byte{0}
	}
	offset := int64(int32(s.u32(at)))
	if offset < 0 || offset >= int64(s.names.n) {
		return refuse("a function's name lies outside of the name table")
	}
	old := s.img[s.names.at+int(offset) : s.names.at+s.names.n]
	end := bytes.IndexByte(old, 0)
	if end < 0 {
		return refuse("a function's name has no end")
	}
	keep := ""
	if bytes.HasPrefix(old, []byte(runtimePrefix)) {
		keep = runtimeName
	} else if slices.Contains(keptNames, string(old[:end])) {
		keep = string(old[:end])
	}
	if keep == "" {
		s.setU32(at, 0)
		return nil
	}
	n, ok := s.nameAt[keep]
	if !ok {
		n = uint32(len(s.newName))
		s.nameAt[keep] = n
		s.newName = append(append(s.newName, keep...), 0)
	}
	s.setU32(at, n)
	return nil
}

// pcTable forgets the pctab table whose offset is at at, or notes that it
// stays. Functions share equal tables, so bytes go only when no one is left.
func (s *stripper) pcTable(at int, drop bool) error {
	offset := s.u32(at)
	n, err := s.pcTableLen(offset)
	if err != nil {
		return err
	}
	if drop {
		s.setU32(at, 0) // no table
		return nil
	}
	for i := range n {
		s.kept[int(offset)+i] = true
	}
	return nil
}

// pcTableLen returns the length in bytes of the pctab table at offset.
func (s *stripper) pcTableLen(offset uint32) (int, error) {
	if n, ok := s.pcLen[offset]; ok {
		return n, nil
	}
	n, err := s.walk(offset, func(int32) {})
	s.pcLen[offset] = n
	return n, err
}

// walk calls f with each value of the pctab table at offset and returns the
// table's length (symtab.go#step: zigzag value delta, then pc delta, as
// varints, ended by a value delta of 0 that is not the first).
func (s *stripper) walk(offset uint32, f func(value int32)) (int, error) {
	if offset == 0 {
		return 0, nil
	}
	if uint64(offset) >= uint64(s.pctab.n) {
		return 0, refuse("a pc table lies outside of the pc tables")
	}
	tab := s.img[s.pctab.at+int(offset) : s.pctab.at+s.pctab.n]
	value := int32(-1)
	for at, first := 0, true; ; first = false {
		delta, n := binary.Uvarint(tab[at:])
		if n <= 0 || delta > 1<<32-1 {
			return 0, refuse("a pc table has no end")
		}
		at += n
		if delta == 0 && !first {
			return at, nil
		}
		if _, n = binary.Uvarint(tab[at:]); n <= 0 {
			return 0, refuse("a pc table has no end")
		}
		at += n
		d := uint32(delta)
		value += int32(-(d & 1) ^ d>>1)
		f(value)
	}
}

// inlinedCalls returns how many entries the inline tree has whose indexes the
// pctab table at offset gives.
func (s *stripper) inlinedCalls(offset uint32) (int, error) {
	last := int32(-1)
	_, err := s.walk(offset, func(v int32) { last = max(last, v) })
	if err == nil && last >= maxInlined {
		err = refuse("an inline tree has %d entries", last)
	}
	return int(last) + 1, err
}

// funcdata notes the object whose offset is at at as staying or going. inlined
// is the number of entries of the function's inline tree.
func (s *stripper) funcdata(at, kind, inlined int, keepInl bool) error {
	offset := s.u32(at)
	if offset == noFuncData {
		return nil
	}
	start := int64(s.gofunc) + int64(offset)
	if start >= int64(len(s.img)) {
		return refuse("a function's data lies outside of memory")
	}
	object := s.img[start:]
	switch {
	case kind == funcdataInlTree:
		// Entries that only a parent's chain reaches lie before the last.
		n := inlined * inlinedSize
		if n > len(object) {
			return refuse("an inline tree lies outside of memory")
		}
		if keepInl {
			for i := 0; i < n; i += inlinedSize {
				s.setU32(int(start)+i+inlinedName, 0)
				s.setU32(int(start)+i+inlinedLine, 0)
			}
			break
		}
		s.blank = append(s.blank, table{int(start), n})
		s.setU32(at, noFuncData)
		return nil
	case kind == funcdataArgInfo:
		n := bytes.IndexByte(object[:min(len(object), maxArgs)], argsEnd)
		if n < 0 {
			return refuse("a function's argument description has no end")
		}
		s.blank = append(s.blank, table{int(start), n + 1})
		s.setU32(at, noFuncData)
		return nil
	case kind == funcdataArgLive: // not written for wasm: its size is not known
		s.setU32(at, noFuncData)
	}
	s.stay = append(s.stay, int(start))
	return nil
}

// finish blanks the shared tables once every function was seen.
func (s *stripper) finish() error {
	// Equal objects are shared, also between kinds: an object that stays
	// ends the blanking of one that goes.
	slices.Sort(s.stay)
	for _, b := range s.blank {
		end := b.at + b.n
		if i, found := slices.BinarySearch(s.stay, b.at); found {
			continue
		} else if i < len(s.stay) {
			end = min(end, s.stay[i])
		}
		clear(s.img[b.at:end])
	}
	if len(s.newName) > s.names.n {
		return refuse("a name table of %d bytes", s.names.n)
	}
	names := s.img[s.names.at : s.names.at+s.names.n]
	clear(names)
	copy(names, s.newName)
	clear(s.img[s.cus.at : s.cus.at+s.cus.n])
	clear(s.img[s.files.at : s.files.at+s.files.n])
	for i := 1; i < s.pctab.n; i++ { // byte 0 stands for "no table"
		if !s.kept[i] {
			s.img[s.pctab.at+i] = 0
		}
	}
	return nil
}
