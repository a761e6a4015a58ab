package main

import (
	"encoding/json"
	"fmt"
)

// work is what users do to a document that begins with a text.
type work struct {
	Start string
	Users [][]op
}

// op is an operation: [position, deleted, inserted] of the text, ["a", position,
// deleted, values] of the array, or ["m", key, value] of the map.
type op struct {
	edit
	list   bool
	values []any
	key    string
	value  any
}

type edit struct {
	At, Deleted int
	Inserted    string
}

// UnmarshalJSON reads one of the three forms.
func (o *op) UnmarshalJSON(b []byte) error {
	var list []any
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	bad := func() error { return fmt.Errorf("not an operation: %.100s", b) }
	if len(list) < 3 {
		return bad()
	}
	ok := true
	number := func(v any) int {
		f, is := v.(float64)
		ok = ok && is
		return int(f)
	}
	switch list[0] {
	case "m":
		o.key, _ = list[1].(string)
		o.value = list[2]
		ok = o.key != ""
	case "a":
		o.list = true
		o.At, o.Deleted = number(list[1]), number(list[2])
		if len(list) < 4 {
			return bad()
		}
		o.values, _ = list[3].([]any)
	default:
		o.At, o.Deleted = number(list[0]), number(list[1])
		o.Inserted, _ = list[2].(string)
	}
	if !ok {
		return bad()
	}
	return nil
}
