package document

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/weft-sync/weft/core/crdt"
)

// newType is a shared type that is to be made: {"$type": kind, …}.
type newType struct {
	kind string
	form crdt.Object
}

// subdocument returns the document that {"$doc": guid, "options": {…}} stands for.
func subdocument(guid string, options crdt.Object) *crdt.Doc {
	list := []crdt.Option{crdt.WithGUID(guid)}
	for _, m := range options {
		switch m.Key {
		case "meta":
			list = append(list, crdt.WithMeta(m.Value))
		case "autoLoad":
			list = append(list, crdt.WithAutoLoad())
		case "shouldLoad":
			list = append(list, crdt.WithoutLoad())
		case "gc":
			list = append(list, crdt.WithoutGC())
		}
	}
	return crdt.NewDoc(list...)
}

// decode reads a value in the form that values.mjs describes. Objects keep the order
// of their keys.
func decode(b json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	return decodeNext(d)
}

func decodeNext(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		o := crdt.Object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			o = append(o, crdt.Member{Key: key.(string), Value: v})
		}
		if _, err := d.Token(); err != nil {
			return nil, err
		}
		return special(o)
	}
	return t, nil
}

// special returns what an object stands for.
func special(o crdt.Object) (any, error) {
	if len(o) == 0 {
		return o, nil
	}
	text, _ := o[0].Value.(string)
	switch o[0].Key {
	case "$undefined":
		return crdt.Undefined{}, nil
	case "$bigint":
		n, err := strconv.ParseInt(text, 10, 64)
		return crdt.BigInt(n), err
	case "$bytes":
		b, err := base64.StdEncoding.DecodeString(text)
		return b, err
	case "$number":
		if text == "-0" {
			return math.Copysign(0, -1), nil
		}
		return strconv.ParseFloat(text, 64)
	case "$doc":
		options, _ := o.Get("options").(crdt.Object)
		return subdocument(text, options), nil
	case "$type":
		return newType{text, o[1:]}, nil
	}
	return o, nil
}

// form returns a value of a document as plain JSON. A type is only named.
func form(v any) any {
	return formWith(v, func(s crdt.Shared) any { return map[string]any{"$type": kindOf(s)} })
}

// view returns a value of a document as plain JSON, with what is in its types.
func view(v any) any {
	return formWith(v, func(s crdt.Shared) any {
		switch s := s.(type) {
		case crdt.Array:
			list := []any{}
			for _, v := range s.All() {
				list = append(list, view(v))
			}
			return list
		case crdt.Map:
			return viewMap(s)
		case crdt.XMLHook:
			return viewMap(s.Map)
		case fmt.Stringer:
			return s.String()
		}
		panic(fmt.Sprintf("no view of %T", s))
	})
}

func viewMap(m crdt.Map) any {
	out := map[string]any{}
	for k, v := range m.All() {
		out[k] = view(v)
	}
	return out
}

func formWith(v any, shared func(crdt.Shared) any) any {
	switch v := v.(type) {
	case nil, bool, string:
		return v
	case crdt.Undefined:
		return map[string]any{"$undefined": true}
	case crdt.BigInt:
		return map[string]any{"$bigint": strconv.FormatInt(int64(v), 10)}
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(v)}
	case float64:
		switch {
		case math.IsNaN(v):
			return map[string]any{"$number": "NaN"}
		case math.IsInf(v, 0):
			return map[string]any{"$number": map[bool]string{true: "-Infinity", false: "Infinity"}[v < 0]}
		case v == 0 && math.Signbit(v):
			return map[string]any{"$number": "-0"}
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = formWith(v[i], shared)
		}
		return list
	case crdt.Object:
		o := map[string]any{}
		for _, m := range v {
			o[m.Key] = formWith(m.Value, shared)
		}
		return o
	case *crdt.Doc:
		return map[string]any{"$doc": v.GUID()}
	case crdt.Shared:
		return shared(v)
	}
	panic(fmt.Sprintf("no form of %T", v))
}

func kindOf(s crdt.Shared) string {
	switch s.(type) {
	case crdt.Array:
		return "array"
	case crdt.Map:
		return "map"
	case crdt.Text:
		return "text"
	case crdt.XMLText:
		return "xmltext"
	case crdt.XMLElement:
		return "element"
	case crdt.XMLFragment:
		return "fragment"
	case crdt.XMLHook:
		return "hook"
	}
	panic(fmt.Sprintf("no kind of %T", s))
}

var errForm = errors.New("not the form of a script")
