package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Types may lie thousands deep in each other, because an update says so: what is open
// is kept in a list.

// ToJSON returns the text as JSON: a string. The error is nil.
func (t Text) ToJSON() ([]byte, error) { return jsonOfType(t) }

// ToJSON returns the array as JSON, types in it included. The error is ErrValue if there
// is a big integer in it, which JSON cannot say.
// Source: yjs@13.6.33/src/types/YArray.js#toJSON.
func (a Array) ToJSON() ([]byte, error) { return jsonOfType(a) }

// ToJSON returns the map as JSON, types in it included, its keys in the order of
// JavaScript's objects. The error is as that of Array.ToJSON.
// Source: yjs@13.6.33/src/types/YMap.js#toJSON.
func (m Map) ToJSON() ([]byte, error) { return jsonOfType(m) }

// ToJSON returns what String returns, as JSON. The error is nil.
func (x XMLFragment) ToJSON() ([]byte, error) { return jsonOfType(x) }

// ToJSON returns what String returns, as JSON. The error is nil.
func (x XMLElement) ToJSON() ([]byte, error) { return jsonOfType(x) }

// ToJSON returns what String returns, as JSON. The error is nil.
func (x XMLText) ToJSON() ([]byte, error) { return jsonOfType(x) }

// ToJSON returns the roots by name as JSON, those that were asked for by their kind.
// The error is as that of Array.ToJSON.
// Source: yjs@13.6.33/src/utils/Doc.js#toJSON.
func (d *Doc) ToJSON() ([]byte, error) {
	var w jsonWriter
	w.doc(d)
	return w.run()
}

func jsonOfType(s Shared) ([]byte, error) {
	var w jsonWriter
	w.value(s)
	return w.run()
}

// jsonWriter writes nested types as JSON.
type jsonWriter struct {
	b    []byte
	open []jsonFrame
	err  error
}

// jsonFrame is an array or object that is being written.
type jsonFrame struct {
	d       *Doc
	next    handle // the block whose values come next
	unit    int    // of it
	members Object // of an object: those to come
	object  bool
	some    bool // there is something in it already
}

// run writes until all is closed.
func (w *jsonWriter) run() ([]byte, error) {
	for len(w.open) > 0 && w.err == nil {
		f := &w.open[len(w.open)-1]
		if f.object {
			w.member(f)
		} else {
			w.element(f)
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}

// member writes the next member of an object, or closes it.
func (w *jsonWriter) member(f *jsonFrame) {
	if len(f.members) == 0 {
		w.b = append(w.b, '}')
		w.open = w.open[:len(w.open)-1]
		return
	}
	m := f.members[0]
	f.members = f.members[1:]
	if _, none := m.Value.(Undefined); none || m.Key == "__proto__" {
		return // as JavaScript leaves it out
	}
	w.comma(f)
	w.quoted(m.Key)
	w.b = append(w.b, ':')
	w.value(m.Value)
}

// element writes the next element of an array, or closes it.
func (w *jsonWriter) element(f *jsonFrame) {
	for f.next != 0 && f.d.blocks[f.next].visible() == 0 {
		f.next = f.d.blocks[f.next].right
	}
	if f.next == 0 {
		w.b = append(w.b, ']')
		w.open = w.open[:len(w.open)-1]
		return
	}
	d, b := f.d, &f.d.blocks[f.next]
	if b.kind != update.KindAny {
		w.comma(f)
		v := d.value(f.next, f.unit)
		if f.unit++; f.unit == int(b.length) {
			f.next, f.unit = b.right, 0
		}
		w.value(v)
		return
	}
	r := lib0.NewReader(d.bytesOf(b))
	for r.Len() > 0 {
		w.comma(f)
		w.any(r.Any("value"))
	}
	f.next = b.right
}

func (w *jsonWriter) comma(f *jsonFrame) {
	if f.some {
		w.b = append(w.b, ',')
	}
	f.some = true
}

// value writes a value, or opens it.
func (w *jsonWriter) value(v any) {
	switch v := v.(type) {
	case Array:
		w.b = append(w.b, '[')
		w.open = append(w.open, jsonFrame{d: v.d, next: v.seq().start})
	case Map:
		w.object(v.members())
	case XMLHook:
		w.object(v.members())
	case *Doc:
		w.doc(v)
	case Text:
		w.quoted(v.String())
	case XMLText:
		w.quoted(v.String())
	case XMLElement:
		w.quoted(v.String())
	case XMLFragment:
		w.quoted(v.String())
	default:
		b, err := appendValue(nil, v, lib0.MaxDepth)
		if err != nil {
			w.err = err
			return
		}
		r := lib0.NewReader(b)
		w.any(r.Any("value"))
	}
}

func (w *jsonWriter) object(members Object) {
	w.b = append(w.b, '{')
	w.open = append(w.open, jsonFrame{object: true, members: members.ordered()})
}

func (w *jsonWriter) doc(d *Doc) {
	var roots Object
	for _, t := range d.rootOrder {
		if ty := &d.types[t]; !ty.untyped {
			roots = append(roots, Member{ty.name, d.shared(t)})
		}
	}
	w.object(roots)
}

func (w *jsonWriter) any(v lib0.Any) {
	if v.Kind == lib0.KindUndefined {
		w.b = append(w.b, "null"...)
		return
	}
	var ok bool
	if w.b, ok = lib0.AppendJSON(w.b, v); !ok {
		w.err = ErrValue
	}
}

func (w *jsonWriter) quoted(s string) {
	w.b, _ = lib0.AppendJSON(w.b, lib0.Any{Kind: lib0.KindString, Bytes: []byte(s)})
}
