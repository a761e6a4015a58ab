package lib0

import "unicode/utf8"

// ValidJSON reports whether b is exactly one JSON value (RFC 8259, the grammar
// of JavaScript's JSON.parse) in valid UTF-8, with white space around it
// allowed, nested no deeper than MaxDepth. It allocates nothing.
func ValidJSON(b []byte) bool {
	i := jsonValue(b, jsonSpace(b, 0), MaxDepth)
	return i >= 0 && jsonSpace(b, i) == len(b)
}

// The functions below return the offset after what they recognise, or -1.

func jsonSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func jsonValue(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return jsonString(b, i)
	case '{':
		return jsonObject(b, i+1, depth-1)
	case '[':
		return jsonArray(b, i+1, depth-1)
	case 't':
		return jsonWord(b, i, "true")
	case 'f':
		return jsonWord(b, i, "false")
	case 'n':
		return jsonWord(b, i, "null")
	}
	return jsonNumber(b, i)
}

func jsonWord(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func jsonObject(b []byte, i, depth int) int {
	if depth < 0 {
		return -1
	}
	if i = jsonSpace(b, i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i = jsonSpace(b, i); i >= len(b) || b[i] != '"' {
			return -1
		}
		if i = jsonString(b, i); i < 0 {
			return -1
		}
		if i = jsonSpace(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = jsonValue(b, jsonSpace(b, i+1), depth); i < 0 {
			return -1
		}
		if i = jsonSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

func jsonArray(b []byte, i, depth int) int {
	if depth < 0 {
		return -1
	}
	if i = jsonSpace(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = jsonValue(b, jsonSpace(b, i), depth); i < 0 {
			return -1
		}
		if i = jsonSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

func jsonString(b []byte, i int) int {
	for i++; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return -1
		case c == '\\':
			if i = jsonEscape(b, i+1); i < 0 {
				return -1
			}
		case c < utf8.RuneSelf:
			i++
		default:
			c, size := utf8.DecodeRune(b[i:])
			if c == utf8.RuneError && size == 1 {
				return -1
			}
			i += size
		}
	}
	return -1
}

func jsonEscape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if len(b)-i < 5 {
			return -1
		}
		for _, c := range b[i+1 : i+5] {
			if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
				return -1
			}
		}
		return i + 5
	}
	return -1
}

func jsonNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = jsonDigits(b, i); i < 0 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = jsonDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return jsonDigits(b, i)
	}
	return i
}

// jsonDigits wants one digit at least.
func jsonDigits(b []byte, i int) int {
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}
