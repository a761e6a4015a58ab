package lib0

import (
	"encoding/binary"
	"unicode/utf8"
)

// JavaScript, and so Yjs, counts text in UTF-16 units: a code point from U+10000
// up counts two (a surrogate pair), every other one.

// CountUTF16 returns the length of s in UTF-16 units, and whether s is valid
// UTF-8; if it is not, the length means nothing.
func CountUTF16(s []byte) (units int, valid bool) {
	for i := 0; ; {
		for len(s)-i >= 8 && binary.LittleEndian.Uint64(s[i:])&0x8080808080808080 == 0 {
			i += 8
			units += 8
		}
		for i < len(s) && s[i] < utf8.RuneSelf {
			i++
			units++
		}
		if i == len(s) {
			return units, true
		}
		c, size := utf8.DecodeRune(s[i:])
		if c == utf8.RuneError && size == 1 {
			return 0, false
		}
		i += size
		units++
		if c >= 0x10000 {
			units++
		}
	}
}

// CutUTF16 returns the offset in bytes of the code point that holds the unit
// with the given index, and whether that unit is the second of a surrogate
// pair. s must be valid UTF-8; an index at or past its end gives len(s), false.
func CutUTF16(s []byte, unit int) (offset int, inside bool) {
	for i := 0; i < len(s); {
		if unit == 0 {
			return i, false
		}
		c, size := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(s[i:])
		}
		unit--
		if c >= 0x10000 {
			if unit == 0 {
				return i, true
			}
			unit--
		}
		i += size
	}
	return len(s), false
}
