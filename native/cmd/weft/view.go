package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/lib0"
)

type viewCmd struct {
	documentInput
	Text  []string `placeholder:"NAME" sep:"none" help:"Print the root NAME as text, without formats (repeatable)."`
	Delta []string `placeholder:"NAME" sep:"none" help:"Print the root NAME as text with formats, as a delta (repeatable)."`
	Array []string `placeholder:"NAME" sep:"none" help:"Print the root NAME as an array (repeatable)."`
	Map   []string `placeholder:"NAME" sep:"none" help:"Print the root NAME as a map (repeatable)."`
	XML   []string `name:"xml" placeholder:"NAME" sep:"none" help:"Print the root NAME as XML (repeatable)."`
}

func (*viewCmd) Help() string {
	return `The result is one JSON object with what a document says that has applied all updates in their order. What a root is,
text or array or map, is not in the updates: say it with the flags. The object has a key for each kind that is asked for, and in
it a key for each name. A value that JSON lacks is {"$undefined":true}, {"$bigint":"12"}, {"$bytes":"BASE64"} or {"$doc":"GUID"}.

Examples:
  weft update view --text content notes.bin
  weft update view --map settings --array tasks < updates.base64
  weft update view --delta content --xml prosemirror notes.bin | jq .delta.content

` + updateStatuses
}

// Run prints what the roots say.
func (c *viewCmd) Run(t *terminal) error {
	if len(c.Text)+len(c.Delta)+len(c.Array)+len(c.Map)+len(c.XML) == 0 {
		return &exitError{exitUsage, errors.New("say what to print: --text NAME, --delta NAME, --array NAME, --map NAME or --xml NAME")}
	}
	doc, err := c.document(t)
	if err != nil {
		return err
	}
	var out object
	for _, kind := range []struct {
		key   string
		names []string
		show  func(name string) (lib0.Any, error)
	}{
		{"text", c.Text, func(name string) (lib0.Any, error) { return jsonString(doc.Text(name).String()), nil }},
		{"delta", c.Delta, func(name string) (lib0.Any, error) { return deltaOf(doc.Text(name), maxNesting) }},
		{"array", c.Array, func(name string) (lib0.Any, error) { return valueOf(doc.Array(name), maxNesting) }},
		{"map", c.Map, func(name string) (lib0.Any, error) { return valueOf(doc.Map(name), maxNesting) }},
		{"xml", c.XML, func(name string) (lib0.Any, error) { return jsonString(doc.XMLFragment(name).String()), nil }},
	} {
		var roots object
		for _, name := range kind.names {
			v, err := kind.show(name)
			if err != nil {
				return badInput(fmt.Errorf("%s %q: %w", kind.key, name, err))
			}
			roots.set(name, v)
		}
		if len(kind.names) > 0 {
			out.set(kind.key, roots.any())
		}
	}
	b, ok := lib0.AppendJSON(nil, out.any())
	if !ok {
		return badInput(errors.New("the document holds a value that JSON cannot say"))
	}
	_, err = t.out.Write(append(b, '\n'))
	return err
}

// maxNesting is how deep shared types may be nested: what is deeper comes from
// nobody who wants to read it.
const maxNesting = 1000

var errNesting = fmt.Errorf("nested deeper than %d", maxNesting)

// object is a JSON object being made.
type object struct{ members []lib0.Member }

func (o *object) set(key string, v lib0.Any) {
	o.members = append(o.members, lib0.Member{Key: []byte(key), Value: v})
}

func (o *object) any() lib0.Any { return lib0.Any{Kind: lib0.KindObject, Object: o.members} }

func jsonString(s string) lib0.Any { return lib0.Any{Kind: lib0.KindString, Bytes: []byte(s)} }

// special is a value that JSON lacks.
func special(key string, v lib0.Any) lib0.Any {
	var o object
	o.set(key, v)
	return o.any()
}

// valueOf returns a value of a document as JSON has it.
func valueOf(v any, depth int) (lib0.Any, error) {
	if depth == 0 {
		return lib0.Any{}, errNesting
	}
	switch v := v.(type) {
	case nil:
		return lib0.Any{Kind: lib0.KindNull}, nil
	case crdt.Undefined:
		return special("$undefined", lib0.Any{Kind: lib0.KindTrue}), nil
	case bool:
		if v {
			return lib0.Any{Kind: lib0.KindTrue}, nil
		}
		return lib0.Any{Kind: lib0.KindFalse}, nil
	case string:
		return jsonString(v), nil
	case float64:
		return lib0.Number(v), nil
	case crdt.BigInt:
		return special("$bigint", jsonString(strconv.FormatInt(int64(v), 10))), nil
	case []byte:
		return special("$bytes", jsonString(base64.StdEncoding.EncodeToString(v))), nil
	case *crdt.Doc:
		return special("$doc", jsonString(v.GUID())), nil
	case []any:
		return listOf(v, depth)
	case crdt.Object:
		return objectOf(v, depth)
	case crdt.Array:
		return listOf(v.Values(), depth)
	case crdt.Map:
		var o crdt.Object
		for key, value := range v.All() {
			o = append(o, crdt.Member{Key: key, Value: value})
		}
		return objectOf(o, depth)
	case crdt.XMLHook:
		return valueOf(v.Map, depth)
	case fmt.Stringer: // texts and the other XML types
		return jsonString(v.String()), nil
	}
	return lib0.Any{}, fmt.Errorf("a value of Go's type %T", v)
}

func listOf(values []any, depth int) (lib0.Any, error) {
	list := make([]lib0.Any, len(values))
	for i, v := range values {
		var err error
		if list[i], err = valueOf(v, depth-1); err != nil {
			return lib0.Any{}, err
		}
	}
	return lib0.Any{Kind: lib0.KindArray, Array: list}, nil
}

func objectOf(members crdt.Object, depth int) (lib0.Any, error) {
	var o object
	for _, m := range members {
		v, err := valueOf(m.Value, depth-1)
		if err != nil {
			return lib0.Any{}, err
		}
		o.set(m.Key, v)
	}
	return o.any(), nil
}

// deltaOf returns a text with formats as a delta.
func deltaOf(t crdt.Text, depth int) (lib0.Any, error) {
	var list []lib0.Any
	for _, op := range t.ToDelta() {
		var o object
		insert, err := valueOf(op.Insert, depth-1)
		if err != nil {
			return lib0.Any{}, err
		}
		o.set("insert", insert)
		if len(op.Attributes) > 0 {
			attributes, err := objectOf(op.Attributes, depth-1)
			if err != nil {
				return lib0.Any{}, err
			}
			o.set("attributes", attributes)
		}
		list = append(list, o.any())
	}
	return lib0.Any{Kind: lib0.KindArray, Array: list}, nil
}
