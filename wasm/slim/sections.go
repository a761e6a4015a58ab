package slim

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Section ids of the WebAssembly binary format
// (https://webassembly.github.io/spec/core/binary/modules.html#sections).
const (
	sectionCustom    = 0
	sectionType      = 1
	sectionImport    = 2
	sectionFunction  = 3
	sectionMemory    = 5
	sectionStart     = 8
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
)

// header is the magic number and version 1.
var header = []byte("\x00asm\x01\x00\x00\x00")

// A section is one section of a module; body aliases the module.
type section struct {
	id     byte
	offset int // of body in the module
	body   []byte
}

// readSections splits a module. It reads no section's inside.
func readSections(module []byte) ([]section, error) {
	if len(module) > maxModule {
		return nil, &FormatError{-1, fmt.Sprintf("module of %d bytes is larger than %d", len(module), maxModule)}
	}
	if !bytes.HasPrefix(module, header) {
		return nil, &FormatError{0, "not a WebAssembly module of version 1"}
	}
	var sections []section
	r := reader{b: module, at: len(header)}
	for r.left() > 0 {
		id := r.byte("section id")
		size := r.uint32("section size")
		at := r.at
		body := r.bytes(size, "section")
		if r.err != nil {
			return nil, r.err
		}
		if id == sectionDataCount {
			// memory.init and data.drop name segments by number, and the
			// numbers change here. The Go linker writes neither.
			return nil, &FormatError{at, "a data count section: the code may refer to segments"}
		}
		sections = append(sections, section{id, at, body})
	}
	return sections, nil
}

// writeSections joins the sections again with data in place of the data
// section and without the custom ones that no one reads.
func writeSections(sections []section, data []byte) []byte {
	size := len(header)
	for _, s := range sections {
		size += len(s.body) + 1 + binary.MaxVarintLen32
	}
	out := append(make([]byte, 0, size), header...)
	for _, s := range sections {
		body := s.body
		switch s.id {
		case sectionCustom:
			if name, _ := customName(s); name != producersName {
				continue
			}
		case sectionData:
			body = data
		}
		out = append(out, s.id)
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	return out
}

// A reader reads the primitives of the binary format with a sticky error.
type reader struct {
	b    []byte
	at   int
	base int // offset of b in the module, for errors
	err  error
}

func (r *reader) left() int {
	if r.err != nil {
		return 0
	}
	return len(r.b) - r.at
}

func (r *reader) fail(reason string) {
	if r.err == nil {
		r.err = &FormatError{r.base + r.at, reason}
	}
}

func (r *reader) byte(what string) byte {
	if r.left() < 1 {
		r.fail(what + ": truncated")
		return 0
	}
	c := r.b[r.at]
	r.at++
	return c
}

// uint32 reads an unsigned LEB128 of at most 32 bits.
func (r *reader) uint32(what string) uint32 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.at:])
	switch {
	case n == 0:
		r.fail(what + ": truncated")
	case n < 0 || n > binary.MaxVarintLen32 || v > 1<<32-1:
		r.fail(what + ": more than 32 bits")
	default:
		r.at += n
		return uint32(v)
	}
	return 0
}

// int32 reads a signed LEB128 of at most 32 bits.
func (r *reader) int32(what string) int32 {
	var v int64
	for shift := uint(0); shift < 35; shift += 7 {
		c := r.byte(what)
		if r.err != nil {
			return 0
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			if v != int64(int32(v)) {
				break
			}
			return int32(v)
		}
	}
	r.fail(what + ": more than 32 bits")
	return 0
}

func (r *reader) bytes(n uint32, what string) []byte {
	if uint64(n) > uint64(r.left()) {
		r.fail(what + ": truncated")
		return nil
	}
	b := r.b[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b
}

// appendInt32 appends the signed LEB128 of v.
func appendInt32(b []byte, v int32) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
