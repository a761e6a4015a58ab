package tree

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxDepth is how deep arrays and objects may be nested. Python's json module,
// which the peers of a Juggler server run on, gives up at about as many.
const MaxDepth = 900

// ErrTooDeep is returned by Parse, and by what changes trees, when a document would
// be nested deeper than MaxDepth.
var ErrTooDeep = fmt.Errorf("juggler: JSON nested deeper than %d", MaxDepth)

// Parse reads a JSON text (RFC 8259). The error is encoding/json's, or ErrTooDeep.
func Parse(text []byte) (*Node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("juggler: bytes behind the JSON text")
	}
	return checkDepth(build(v))
}

func checkDepth(n *Node) (*Node, error) {
	if n.depth > MaxDepth {
		return nil, ErrTooDeep
	}
	return n, nil
}

// build makes a tree of what encoding/json decodes into an any, which it does not
// nest deeper than 10,000.
func build(v any) *Node {
	switch v := v.(type) {
	case nil:
		return Null
	case bool:
		if v {
			return trueNode
		}
		return falseNode
	case json.Number:
		return newNumber(string(v))
	case string:
		return newString(v)
	case []any:
		items := make([]*Node, len(v))
		for i, item := range v {
			items[i] = build(item)
		}
		return newArray(items)
	case map[string]any:
		members := make([]member, 0, len(v))
		for name, value := range v {
			members = append(members, member{name, build(value)})
		}
		slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
		return newObject(members)
	}
	panic(fmt.Sprintf("tree: encoding/json made a %T", v))
}
