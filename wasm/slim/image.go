package slim

import (
	"encoding/binary"
	"fmt"
)

// opcodes of the constant expression that places a segment.
const (
	opI32Const = 0x41
	opEnd      = 0x0b
	pageSize   = 64 << 10
)

// minGap is the run of zero bytes that ends a segment. Measured over Go
// modules after brotli: 32 is 0.5 % larger, 256 and one single segment are
// 0.4 % smaller and cost raw bytes.
const minGap = 64

// readImage lays the data segments into one slice: the initial memory up to
// the last byte of the last segment. It also counts the segments.
func readImage(sections []section) (img []byte, segments int, err error) {
	limit := 0 // bytes of the memory that the module declares
	var data *section
	for i := range sections {
		s := &sections[i]
		switch s.id {
		case sectionMemory:
			r := reader{b: s.body, base: s.offset}
			count, flags, pages := r.uint32("memories"), r.byte("limits"), r.uint32("memory size")
			if r.err != nil {
				return nil, 0, r.err
			}
			if count != 1 || flags > 1 {
				return nil, 0, &FormatError{s.offset, "not one plain 32-bit memory"}
			}
			limit = int(min(int64(pages)*pageSize, maxImage))
		case sectionData:
			if data != nil {
				return nil, 0, &FormatError{s.offset, "a second data section"}
			}
			data = s
		}
	}
	if data == nil {
		return nil, 0, &FormatError{-1, "no data section"}
	}
	r := reader{b: data.body, base: data.offset}
	n := r.uint32("segments")
	if r.err == nil && n > maxSegments {
		return nil, 0, &FormatError{data.offset, fmt.Sprintf("%d segments are more than %d", n, maxSegments)}
	}
	for range n {
		if kind := r.uint32("segment kind"); r.err == nil && kind != 0 {
			r.fail("not an active segment of memory 0")
		}
		if op := r.byte("segment offset"); r.err == nil && op != opI32Const {
			r.fail("segment offset is not a constant")
		}
		offset := r.int32("segment offset")
		if op := r.byte("segment offset"); r.err == nil && op != opEnd {
			r.fail("segment offset is not a constant")
		}
		b := r.bytes(r.uint32("segment size"), "segment")
		end := int64(uint32(offset)) + int64(len(b))
		if r.err == nil && end > int64(limit) {
			r.fail("segment past the declared memory")
		}
		if r.err != nil {
			return nil, 0, r.err
		}
		if grow := int(end) - len(img); grow > 0 {
			img = append(img, make([]byte, grow)...)
		}
		copy(img[uint32(offset):], b)
	}
	if r.left() > 0 {
		r.fail("bytes after the last segment")
	}
	return img, int(n), r.err
}

// appendImage appends the body of a data section that sets a zeroed memory to
// img, and returns the number of its segments.
func appendImage(b, img []byte) ([]byte, int, error) {
	type span struct{ start, end int }
	var spans []span
	for i := 0; i < len(img); {
		if img[i] == 0 {
			i++
			continue
		}
		start, end := i, i+1 // end: one past the last non-zero byte
		for i = end; i < len(img) && i-end < minGap; i++ {
			if img[i] != 0 {
				end = i + 1
			}
		}
		spans = append(spans, span{start, end})
		i = end
	}
	if len(spans) > maxSegments {
		return nil, 0, &FormatError{-1, fmt.Sprintf("%d segments are more than %d", len(spans), maxSegments)}
	}
	b = binary.AppendUvarint(b, uint64(len(spans)))
	for _, s := range spans {
		b = append(b, 0, opI32Const)
		b = appendInt32(b, int32(s.start))
		b = append(b, opEnd)
		b = binary.AppendUvarint(b, uint64(s.end-s.start))
		b = append(b, img[s.start:s.end]...)
	}
	return b, len(spans), nil
}
