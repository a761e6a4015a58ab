package crdt

import (
	"unicode/utf8"

	"github.com/weft-sync/weft/core/lib0"
)

// fromJSON returns JSON text as a value. What was checked when it arrived is valid.
func fromJSON(b []byte) any {
	v, ok := lib0.ParseJSON(b)
	if !ok {
		return Undefined{}
	}
	return fromAny(v)
}

// toJSON returns a value as JSON text, as JSON.stringify writes it. The error is
// ErrValue, of a value that JSON cannot say too, or ErrUTF8.
func toJSON(v any) ([]byte, error) {
	b, err := appendValue(nil, v, lib0.MaxDepth)
	if err != nil {
		return nil, err
	}
	r := lib0.NewReader(b)
	text, ok := lib0.AppendJSON(nil, r.Any("value"))
	if !ok {
		return nil, ErrValue
	}
	return text, nil
}

func validKey(key string) bool { return utf8.ValidString(key) }
