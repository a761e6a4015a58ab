package slim

import (
	"encoding/binary"
	"slices"
)

// A fifth of a module's bytes is one table that a loop of thirty instructions
// can write: findfunctab, which finds the function of a program counter. On wasm
// a function has 64 KiB of the space of counters, so each of the table's entries
// (go1.26/src/cmd/link/internal/ld/pcln.go#findfunctab) is the number of a
// function, and there are sixteen for each. Brotli makes little of it, but a
// browser has to unpack and to pass on every byte before it can compile.

const (
	findEntry   = 20 // uint32, and 16 bytes that are zero here
	findPerFunc = 16 // 64 KiB / 4 KiB
)

// A fill is a part of the initial memory that a start function writes: entries
// of findEntry bytes, of which number i begins with i/findPerFunc.
type fill struct{ at, entries int }

// cutFindTable blanks the table in img, and returns how to write it again.
func cutFindTable(img []byte, t tables) (fill, error) {
	// The last function ends where it ends, with fewer entries. They stay.
	f := fill{at: t.find, entries: (t.nfunc - 1) * findPerFunc}
	if f.at+f.entries*findEntry > len(img) {
		return fill{}, refuse("the table of program counters lies outside of memory")
	}
	for i := range f.entries {
		entry := img[f.at+i*findEntry:][:findEntry]
		if binary.LittleEndian.Uint32(entry) != uint32(i/findPerFunc) || nonZero(entry[4:]) > 0 {
			return fill{}, refuse("entry %d of the table of program counters is not the expected one", i)
		}
	}
	clear(img[f.at : f.at+f.entries*findEntry])
	return f, nil
}

// addStart returns the sections with a start function that writes f.
func addStart(sections []section, f fill) ([]section, error) {
	sections = slices.Clone(sections)
	find := func(id byte) *section {
		i := slices.IndexFunc(sections, func(s section) bool { return s.id == id })
		if i < 0 {
			return nil
		}
		return &sections[i]
	}
	types, imports, functions, code := find(sectionType), find(sectionImport), find(sectionFunction), find(sectionCode)
	if types == nil || imports == nil || functions == nil || code == nil || find(sectionStart) != nil {
		return nil, refuse("a start function, or a section that belongs to functions is missing")
	}
	imported, err := countImportedFunctions(*imports)
	if err != nil {
		return nil, err
	}
	// The function's type is a new one, its number the next.
	kind, err := appendItem(types, []byte{0x60, 0, 0})
	if err != nil {
		return nil, err
	}
	number, err := appendItem(functions, binary.AppendUvarint(nil, uint64(kind)))
	if err != nil {
		return nil, err
	}
	body := f.function()
	if _, err := appendItem(code, append(binary.AppendUvarint(nil, uint64(len(body))), body...)); err != nil {
		return nil, err
	}
	start := section{id: sectionStart, body: binary.AppendUvarint(nil, uint64(imported+number))}
	after := slices.IndexFunc(sections, func(s section) bool { return s.id > sectionStart })
	return slices.Insert(sections, after, start), nil
}

// appendItem adds an item to a section that is a vector, and returns its index.
func appendItem(s *section, item []byte) (uint32, error) {
	r := reader{b: s.body, base: s.offset}
	n := r.uint32("count")
	if r.err != nil {
		return 0, r.err
	}
	s.body = slices.Concat(binary.AppendUvarint(nil, uint64(n)+1), s.body[r.at:], item)
	return n, nil
}

// countImportedFunctions reads the import section; Go's linker imports nothing
// but functions.
func countImportedFunctions(s section) (uint32, error) {
	r := reader{b: s.body, base: s.offset}
	n := r.uint32("imports")
	for range n {
		r.bytes(r.uint32("name"), "import's module")
		r.bytes(r.uint32("name"), "import's name")
		if kind := r.byte("import's kind"); r.err == nil && kind != 0 {
			r.fail("an import that is no function")
		}
		r.uint32("import's type")
		if r.err != nil {
			return 0, r.err
		}
	}
	return n, nil
}

// function returns the code (instructions:
// https://webassembly.github.io/spec/core/binary/instructions.html).
func (f fill) function() []byte {
	const (
		loop     = 0x03
		brIf     = 0x0d
		localGet = 0x20
		localTee = 0x22
		i32Store = 0x36
		i32Less  = 0x49 // unsigned
		i32Add   = 0x6a
		i32Mul   = 0x6c
		i32Shift = 0x76 // right, unsigned
		void     = 0x40
		i32      = 0x7f
		align4   = 2
	)
	b := []byte{1, 1, i32, loop, void} // local 0 is the entry's number
	b = append(b, localGet, 0, opI32Const, findEntry, i32Mul)
	b = append(b, localGet, 0, opI32Const, 4, i32Shift) // i / findPerFunc
	b = append(b, i32Store, align4)
	b = binary.AppendUvarint(b, uint64(f.at))
	b = append(b, localGet, 0, opI32Const, 1, i32Add, localTee, 0, opI32Const)
	b = appendInt32(b, int32(f.entries))
	return append(b, i32Less, brIf, 0, opEnd, opEnd)
}
