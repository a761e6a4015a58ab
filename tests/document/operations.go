package document

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/weft-sync/weft/core/crdt"
)

// root returns the root type that "kind:name" names.
func root(d *crdt.Doc, kindAndName string) crdt.Shared {
	kind, name, _ := strings.Cut(kindAndName, ":")
	switch kind {
	case "text":
		return d.Text(name)
	case "array":
		return d.Array(name)
	case "map":
		return d.Map(name)
	case "xml":
		return d.XMLFragment(name)
	case "element":
		return d.XMLElement(name)
	case "xmltext":
		return d.XMLText(name)
	}
	panic("no kind of root: " + kind)
}

// resolve returns what is at a path.
func resolve(d *crdt.Doc, p Path) any {
	var at any = root(d, p[0].(string))
	for _, step := range p[1:] {
		at = child(at, step)
	}
	return at
}

// child returns what a type has at an index or a key.
func child(of any, step any) any {
	index, isIndex := step.(float64)
	key, _ := step.(string)
	switch of := of.(type) {
	case crdt.Text:
		for _, op := range of.ToDelta() {
			text, isText := op.Insert.(string)
			switch {
			case !isText && index == 0:
				return op.Insert
			case isText:
				index -= float64(len(utf16.Encode([]rune(text))))
			default:
				index--
			}
		}
	case crdt.Array:
		return of.Get(int(index))
	case crdt.Map:
		v, _ := of.Get(key)
		return v
	case crdt.XMLHook:
		v, _ := of.Get(key)
		return v
	case crdt.XMLText:
		return child(of.Text, step)
	case crdt.XMLFragment:
		return of.Get(int(index))
	case crdt.XMLElement:
		if isIndex {
			return of.Get(int(index))
		}
		v, _ := of.Attribute(key)
		return v
	}
	panic(fmt.Sprintf("%T has nothing at %v (an index: %v)", of, step, isIndex))
}

// operate does one operation. The error is the engine's about the operation.
func operate(tx *crdt.Txn, op *Op) error {
	a := args{list: op.Args}
	target := resolve(tx.Doc(), op.Path)
	var err error
	switch family, _, _ := strings.Cut(op.Name, "."); family {
	case "text":
		err = onText(tx, target, op.Name, &a)
	case "array":
		err = onArray(tx, target, op.Name, &a)
	case "map":
		err = onMap(tx, target, op.Name, &a)
	case "xml":
		err = onXML(tx, target, op.Name, &a)
	case "doc":
		err = onDoc(target, op.Name, &a)
	default:
		err = fmt.Errorf("%w: operation %s", errForm, op.Name)
	}
	if a.err != nil {
		return fmt.Errorf("%w: %s: %w", errForm, op.Name, a.err)
	}
	return err
}

// args reads the arguments of an operation, one after another.
type args struct {
	list []json.RawMessage
	err  error
}

func (a *args) value() any {
	if len(a.list) == 0 {
		return crdt.Undefined{} // a trailing argument that JavaScript was not given
	}
	v, err := decode(a.list[0])
	a.list = a.list[1:]
	if err != nil && a.err == nil {
		a.err = err
	}
	return v
}

func (a *args) int() int {
	f, ok := a.value().(float64)
	if !ok && a.err == nil {
		a.err = errForm
	}
	return int(f)
}

func (a *args) string() string {
	s, ok := a.value().(string)
	if !ok && a.err == nil {
		a.err = errForm
	}
	return s
}

func (a *args) values() []any {
	list, ok := a.value().([]any)
	if !ok && a.err == nil {
		a.err = errForm
	}
	return list
}

// attributes reads attributes: none at all, if they are null, is not the same as an
// empty object.
func (a *args) attributes() (crdt.Attrs, bool) {
	attrs, ok := a.value().(crdt.Object)
	return attrs, ok
}

func onText(tx *crdt.Txn, target any, name string, a *args) error {
	t, ok := target.(crdt.Text)
	if !ok {
		t = target.(crdt.XMLText).Text
	}
	switch name {
	case "text.insert":
		index, text := a.int(), a.string()
		if attrs, ok := a.attributes(); ok {
			return t.InsertWith(tx, index, text, attrs)
		}
		return t.Insert(tx, index, text)
	case "text.embed":
		index, v := a.int(), a.value()
		attrs, _ := a.attributes()
		return insertEmbed(tx, t, index, v, attrs)
	case "text.format":
		index, length := a.int(), a.int()
		attrs, _ := a.attributes()
		return t.Format(tx, index, length, attrs)
	case "text.delete":
		return t.Delete(tx, a.int(), a.int())
	case "text.delta":
		return t.ApplyDelta(tx, toDelta(a.values()))
	case "text.set":
		return t.SetAttribute(tx, a.string(), a.value())
	case "text.unset":
		return t.RemoveAttribute(tx, a.string())
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

func insertEmbed(tx *crdt.Txn, t crdt.Text, index int, v any, attrs crdt.Attrs) error {
	n, ok := v.(newType)
	if !ok {
		return t.InsertEmbed(tx, index, v, attrs)
	}
	_, err := maker{
		text:  func() (crdt.Text, error) { return t.InsertText(tx, index, attrs) },
		array: func() (crdt.Array, error) { return t.InsertArray(tx, index, attrs) },
		dict:  func() (crdt.Map, error) { return t.InsertMap(tx, index, attrs) },
	}.make(tx, n)
	return err
}

// toDelta returns the ops of a delta in JSON.
func toDelta(list []any) (delta []crdt.DeltaOp) {
	for _, v := range list {
		var op crdt.DeltaOp
		for _, m := range v.(crdt.Object) {
			switch m.Key {
			case "insert":
				op.Insert = m.Value
			case "retain":
				op.Retain = int(m.Value.(float64))
			case "delete":
				op.Delete = int(m.Value.(float64))
			case "attributes":
				op.Attributes = m.Value.(crdt.Object)
			}
		}
		delta = append(delta, op)
	}
	return delta
}

// onDoc does something to the subdocument at an index or a key.
func onDoc(target any, name string, a *args) error {
	sub, ok := child(target, a.value()).(*crdt.Doc)
	if !ok {
		return errForm
	}
	switch name {
	case "doc.load":
		sub.Load()
	case "doc.destroy":
		sub.Destroy()
	default:
		return fmt.Errorf("%w: operation %s", errForm, name)
	}
	return nil
}

func onArray(tx *crdt.Txn, target any, name string, a *args) error {
	t := target.(crdt.Array)
	switch name {
	case "array.insert":
		return insertValues(tx, t, a.int(), a.values())
	case "array.push":
		return pushValues(tx, t, a.values())
	case "array.delete":
		return t.Delete(tx, a.int(), a.int())
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

func onXML(tx *crdt.Txn, target any, name string, a *args) error {
	if e, ok := target.(crdt.XMLElement); ok {
		switch name {
		case "xml.set":
			return e.SetAttribute(tx, a.string(), a.value())
		case "xml.unset":
			return e.RemoveAttribute(tx, a.string())
		}
		target = e.XMLFragment
	}
	x := target.(crdt.XMLFragment)
	switch name {
	case "xml.insert":
		return insertNodes(tx, x, a.int(), a.values())
	case "xml.after":
		var child crdt.Shared
		if index := a.int(); index >= 0 {
			child = x.Get(index)
		}
		return insertNodesAfter(tx, x, child, a.values())
	case "xml.delete":
		return x.Delete(tx, a.int(), a.int())
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

func onMap(tx *crdt.Txn, target any, name string, a *args) error {
	m, ok := target.(crdt.Map)
	if !ok {
		m = target.(crdt.XMLHook).Map
	}
	switch name {
	case "map.set":
		return setValue(tx, m, a.string(), a.value())
	case "map.delete":
		return m.Delete(tx, a.string())
	case "map.clear":
		for _, key := range keys(m) {
			if err := m.Delete(tx, key); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

func keys(m crdt.Map) (list []string) {
	for key := range m.All() {
		list = append(list, key)
	}
	return list
}
