package tree

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// AppendJSON appends the value as a JSON text without spaces, the members of
// objects sorted by name.
func (n *Node) AppendJSON(b []byte) []byte {
	switch n.kind {
	case KindNull:
		return append(b, "null"...)
	case KindFalse:
		return append(b, "false"...)
	case KindTrue:
		return append(b, "true"...)
	case KindNumber:
		return append(b, n.text...)
	case KindString:
		return AppendString(b, n.text)
	case KindArray:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, m := range n.members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, m.name), ':')
		b = m.value.AppendJSON(b)
	}
	return append(b, '}')
}

// JSON returns the value as a JSON text; see AppendJSON.
func (n *Node) JSON() []byte {
	return n.AppendJSON(slices.Grow([]byte(nil), int(min(n.size, 1<<20))))
}

// AppendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendQuoted(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendQuoted(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("tree: " + err.Error()) // encoding/json refuses no string
	}
	return append(b, quoted...)
}
