package crdt

import (
	"cmp"
	"slices"
	"strconv"
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

func appendDecimal(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// ordered returns an object as JavaScript would have it: each key once, with its last
// value, where it came first, but array indexes in front of all others and ascending.
// Source: ECMA-262, OrdinaryOwnPropertyKeys.
func (o Object) ordered() Object {
	indexes, places := 0, map[string]int(nil)
	if len(o) > fewEntries {
		places = make(map[string]int, len(o))
	}
	out := o[:0:0]
	for _, m := range o {
		i, ok := places[m.Key]
		if places == nil {
			i = slices.IndexFunc(out, func(n Member) bool { return n.Key == m.Key })
			ok = i >= 0
		}
		if ok {
			out[i].Value = m.Value
			continue
		}
		if places != nil {
			places[m.Key] = len(out)
		}
		if _, ok := lib0.ArrayIndex(m.Key); ok {
			indexes++
		}
		out = append(out, m)
	}
	if indexes > 0 {
		slices.SortStableFunc(out, func(a, b Member) int {
			x, isX := lib0.ArrayIndex(a.Key)
			y, isY := lib0.ArrayIndex(b.Key)
			if isX && isY {
				return cmp.Compare(x, y)
			}
			return btoi(isY) - btoi(isX)
		})
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
