package lib0

// AppendUint appends v as a varUint: seven bits a byte, lowest first, bit 8 set
// on all but the last. Source: lib0@0.2.120/src/encoding.js#writeVarUint.
func AppendUint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// SizeUint returns how many bytes AppendUint appends for v.
func SizeUint(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// AppendInt appends a varInt. The format is sign and magnitude, and the sign of
// zero is kept on the wire (lib0's run-length coders give it a meaning), which
// is why the sign is an argument of its own.
// Source: lib0@0.2.120/src/encoding.js#writeVarInt.
//
//	first byte  C S m m m m m m    C: more bytes follow, S: negative
//	the rest    C m m m m m m m    magnitude, lowest bits first
func AppendInt(b []byte, magnitude uint64, negative bool) []byte {
	first := byte(magnitude & 0x3f)
	if negative {
		first |= 0x40
	}
	magnitude >>= 6
	if magnitude == 0 {
		return append(b, first)
	}
	return AppendUint(append(b, first|0x80), magnitude)
}

// AppendString appends the length of s in bytes as a varUint, then s, which
// must be valid UTF-8. Source: lib0@0.2.120/src/encoding.js#writeVarString.
func AppendString(b []byte, s string) []byte {
	return append(AppendUint(b, uint64(len(s))), s...)
}

// AppendBytes appends the length of v as a varUint, then v.
// Source: lib0@0.2.120/src/encoding.js#writeVarUint8Array.
func AppendBytes(b, v []byte) []byte {
	return append(AppendUint(b, uint64(len(v))), v...)
}
