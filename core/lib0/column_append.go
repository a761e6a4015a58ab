package lib0

// The writers of columns; what they write is described at the readers. Each
// gathers values in a buffer of its own. AppendTo ends the column: before more
// is added, it must be Reset, which keeps the buffer.

// UintColumnWriter writes what UintColumnReader reads. The zero value is ready.
// Source: lib0@0.2.120/src/encoding.js#UintOptRleEncoder.
type UintColumnWriter struct {
	b     []byte
	value uint64
	n     uint64 // how often value came; not written yet
}

// Add adds a value, at most MaxSafeInteger.
func (w *UintColumnWriter) Add(v uint64) {
	if v != w.value {
		w.flush()
		w.value = v
	}
	w.n++
}

// AddN adds a value n times.
func (w *UintColumnWriter) AddN(v, n uint64) {
	if v != w.value {
		w.flush()
		w.value = v
	}
	w.n += n
}

func (w *UintColumnWriter) flush() {
	switch {
	case w.n == 0:
		return
	case w.n == 1 && w.value < 1<<6:
		w.b = append(w.b, byte(w.value))
	case w.n == 1 && w.value < 1<<13:
		w.b = append(w.b, byte(w.value&0x3f)|0x80, byte(w.value>>6))
	case w.value < 1<<6 && w.n-2 < 0x80:
		w.b = append(w.b, byte(w.value)|0x40, byte(w.n-2))
	default:
		w.b = AppendInt(w.b, w.value, w.n > 1)
		if w.n > 1 {
			w.b = AppendUint(w.b, w.n-2)
		}
	}
	w.n = 0
}

// AppendTo appends the column's length as a varUint, then the column.
func (w *UintColumnWriter) AppendTo(b []byte) []byte {
	w.flush()
	return AppendBytes(b, w.b)
}

// MaxLen returns a number of bytes that AppendTo does not exceed, by little.
func (w *UintColumnWriter) MaxLen() int { return len(w.b) + 24 }

// Reset makes the writer ready for another column.
func (w *UintColumnWriter) Reset() { *w = UintColumnWriter{b: w.b[:0]} }

// DiffColumnWriter writes what DiffColumnReader reads. The zero value is ready.
// Source: lib0@0.2.120/src/encoding.js#IntDiffOptRleEncoder.
type DiffColumnWriter struct {
	b     []byte
	value uint64 // added last
	step  uint64 // in two's complement
	n     uint64 // how often step was taken; not written yet
}

// Add adds a value, at most MaxSafeInteger.
func (w *DiffColumnWriter) Add(v uint64) {
	step := v - w.value
	w.value = v
	if step != w.step {
		w.flush()
		w.step = step
	}
	w.n++
}

func (w *DiffColumnWriter) flush() {
	if w.n == 0 {
		return
	}
	double := int64(w.step) * 2
	if w.n > 1 {
		double++
	}
	m, first := uint64(max(double, -double)), byte(double>>63)&0x40
	first |= byte(m & 0x3f)
	switch { // AppendInt, without a call for most steps
	case m < 1<<6:
		w.b = append(w.b, first)
	case m < 1<<13:
		w.b = append(w.b, first|0x80, byte(m>>6))
	case m < 1<<20:
		w.b = append(w.b, first|0x80, byte(m>>6)|0x80, byte(m>>13))
	default:
		w.b = AppendInt(w.b, m, double < 0)
	}
	if w.n-2 < 0x80 {
		w.b = append(w.b, byte(w.n-2))
	} else if w.n > 1 {
		w.b = AppendUint(w.b, w.n-2)
	}
	w.n = 0
}

// AppendTo appends the column's length as a varUint, then the column.
func (w *DiffColumnWriter) AppendTo(b []byte) []byte {
	w.flush()
	return AppendBytes(b, w.b)
}

// MaxLen returns a number of bytes that AppendTo does not exceed, by little.
func (w *DiffColumnWriter) MaxLen() int { return len(w.b) + 24 }

// Reset makes the writer ready for another column.
func (w *DiffColumnWriter) Reset() { *w = DiffColumnWriter{b: w.b[:0]} }

// ByteColumnWriter writes what ByteColumnReader reads. The zero value is ready.
// Source: lib0@0.2.120/src/encoding.js#RleEncoder, of writeUint8.
type ByteColumnWriter struct {
	b     []byte
	value byte
	n     uint64 // how often value, which is written, came
}

// Add adds a value.
func (w *ByteColumnWriter) Add(v byte) {
	if v == w.value && w.n > 0 {
		w.n++
		return
	}
	if w.n > 0 && w.n <= 0x80 {
		w.b = append(w.b, byte(w.n-1), v)
	} else {
		w.change(v)
	}
	w.value, w.n = v, 1
}

func (w *ByteColumnWriter) change(v byte) {
	if w.n > 0 {
		w.b = AppendUint(w.b, w.n-1)
	}
	w.b = append(w.b, v)
}

// AppendTo appends the column's length as a varUint, then the column.
func (w *ByteColumnWriter) AppendTo(b []byte) []byte { return AppendBytes(b, w.b) }

// MaxLen returns a number of bytes that AppendTo does not exceed, by little.
func (w *ByteColumnWriter) MaxLen() int { return len(w.b) + 8 }

// Reset makes the writer ready for another column.
func (w *ByteColumnWriter) Reset() { *w = ByteColumnWriter{b: w.b[:0]} }

// StringColumnWriter writes what StringColumnReader reads. The zero value is ready.
// Source: lib0@0.2.120/src/encoding.js#StringEncoder.
type StringColumnWriter struct {
	text  []byte
	units UintColumnWriter
}

// Add adds a string, which must be valid UTF-8, of a length in UTF-16 units.
func (w *StringColumnWriter) Add(text []byte, units int) {
	w.AddText(text)
	w.AddUnits(units)
}

// AddText adds the text of strings, which AddUnits takes apart.
func (w *StringColumnWriter) AddText(text []byte) { w.text = append(w.text, text...) }

// AddUnits adds a string of a length in UTF-16 units whose text AddText adds.
func (w *StringColumnWriter) AddUnits(units int) { w.units.Add(uint64(units)) }

// AppendTo appends the column's length as a varUint, then the column.
func (w *StringColumnWriter) AppendTo(b []byte) []byte {
	w.units.flush()
	size := SizeUint(uint64(len(w.text))) + len(w.text) + len(w.units.b)
	b = AppendUint(b, uint64(size))
	b = AppendBytes(b, w.text)
	return append(b, w.units.b...)
}

// MaxLen returns a number of bytes that AppendTo does not exceed, by little.
func (w *StringColumnWriter) MaxLen() int { return len(w.text) + w.units.MaxLen() + 8 }

// Reset makes the writer ready for another column.
func (w *StringColumnWriter) Reset() {
	w.text = w.text[:0]
	w.units.Reset()
}
