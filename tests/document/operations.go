package document

import (
	"encoding/json"
	"fmt"
	"strings"

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
	case crdt.Array:
		return of.Get(int(index))
	case crdt.Map:
		v, _ := of.Get(key)
		return v
	case crdt.XMLHook:
		v, _ := of.Get(key)
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

func onText(tx *crdt.Txn, target any, name string, a *args) error {
	t := target.(crdt.Text)
	switch name {
	case "text.insert":
		return t.Insert(tx, a.int(), a.string())
	case "text.delete":
		return t.Delete(tx, a.int(), a.int())
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

func onArray(tx *crdt.Txn, target any, name string, a *args) error {
	t := target.(crdt.Array)
	switch name {
	case "array.insert":
		return insertValues(tx, t, a.int(), a.values())
	case "array.push":
		return t.Push(tx, a.values()...)
	case "array.delete":
		return t.Delete(tx, a.int(), a.int())
	}
	return fmt.Errorf("%w: operation %s", errForm, name)
}

// insertValues inserts plain values together, and between them types, each with
// what is to be in it, as Yjs does.
func insertValues(tx *crdt.Txn, t crdt.Array, index int, values []any) error {
	for len(values) > 0 {
		n := 0
		for n < len(values) && !made(values[n]) {
			n++
		}
		if n > 0 {
			if err := t.Insert(tx, index, values[:n]...); err != nil {
				return err
			}
			index, values = index+n, values[n:]
			continue
		}
		if err := insertMade(tx, t, index, values[0]); err != nil {
			return err
		}
		index, values = index+1, values[1:]
	}
	return nil
}

func made(v any) bool {
	switch v.(type) {
	case newType, newDoc:
		return true
	}
	return false
}

func insertMade(tx *crdt.Txn, t crdt.Array, index int, v any) error {
	n, ok := v.(newType)
	if !ok {
		return errForm
	}
	var s crdt.Shared
	var err error
	switch n.kind {
	case "array":
		s, err = t.InsertArray(tx, index)
	case "map":
		s, err = t.InsertMap(tx, index)
	case "text":
		s, err = t.InsertText(tx, index)
	default:
		return errForm
	}
	if err != nil {
		return err
	}
	return fill(tx, s, n.form)
}

// fill puts into a new type what its form says.
func fill(tx *crdt.Txn, s crdt.Shared, f crdt.Object) error {
	switch s := s.(type) {
	case crdt.Array:
		items, _ := f.Get("items").([]any)
		return insertValues(tx, s, 0, items)
	case crdt.Map:
		return setEntries(tx, s, f)
	}
	return errForm
}

func setEntries(tx *crdt.Txn, m crdt.Map, f crdt.Object) error {
	entries, _ := f.Get("entries").([]any)
	for _, e := range entries {
		if err := setValue(tx, m, e.([]any)[0].(string), e.([]any)[1]); err != nil {
			return err
		}
	}
	return nil
}

func setValue(tx *crdt.Txn, m crdt.Map, key string, v any) error {
	n, ok := v.(newType)
	if !ok {
		return m.Set(tx, key, v)
	}
	var s crdt.Shared
	var err error
	switch n.kind {
	case "array":
		s, err = m.SetArray(tx, key)
	case "map":
		s, err = m.SetMap(tx, key)
	case "text":
		s, err = m.SetText(tx, key)
	default:
		return errForm
	}
	if err != nil {
		return err
	}
	return fill(tx, s, n.form)
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
