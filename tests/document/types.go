package document

import "github.com/weft-sync/weft/core/crdt"

// maker makes a shared type of each kind at one place.
type maker struct {
	text     func() (crdt.Text, error)
	array    func() (crdt.Array, error)
	dict     func() (crdt.Map, error)
	fragment func() (crdt.XMLFragment, error)
	element  func(name string) (crdt.XMLElement, error)
	xmltext  func() (crdt.XMLText, error)
	hook     func(name string) (crdt.XMLHook, error)
}

// make makes a type and puts into it what its form says.
func (m maker) make(tx *crdt.Txn, n newType) (s crdt.Shared, err error) {
	name, _ := n.form.Get("name").(string)
	switch {
	case n.kind == "text" && m.text != nil:
		s, err = m.text()
	case n.kind == "array" && m.array != nil:
		s, err = m.array()
	case n.kind == "map" && m.dict != nil:
		s, err = m.dict()
	case n.kind == "fragment" && m.fragment != nil:
		s, err = m.fragment()
	case n.kind == "element" && m.element != nil:
		s, err = m.element(name)
	case n.kind == "xmltext" && m.xmltext != nil:
		s, err = m.xmltext()
	case n.kind == "hook" && m.hook != nil:
		s, err = m.hook(name)
	default:
		err = errForm
	}
	if err != nil {
		return nil, err
	}
	return s, fill(tx, s, n.form)
}

// fill puts into a new type what its form says, in Yjs's order.
func fill(tx *crdt.Txn, s crdt.Shared, f crdt.Object) error {
	list := func(key string) []any { l, _ := f.Get(key).([]any); return l }
	switch s := s.(type) {
	case crdt.Array:
		return insertValues(tx, s, 0, list("items"))
	case crdt.Map:
		return setEntries(tx, s, list("entries"))
	case crdt.XMLHook:
		return setEntries(tx, s.Map, list("entries"))
	case crdt.Text:
		return s.ApplyDelta(tx, toDelta(list("delta")))
	case crdt.XMLText:
		return s.ApplyDelta(tx, toDelta(list("delta")))
	case crdt.XMLFragment:
		return insertNodes(tx, s, 0, list("children"))
	case crdt.XMLElement:
		if err := insertNodes(tx, s.XMLFragment, 0, list("children")); err != nil {
			return err
		}
		for _, e := range list("attributes") {
			if err := s.SetAttribute(tx, e.([]any)[0].(string), e.([]any)[1]); err != nil {
				return err
			}
		}
		return nil
	}
	return errForm
}

// insertValues inserts plain values together, and between them types, each with
// what is to be in it, as Yjs does.
func insertValues(tx *crdt.Txn, t crdt.Array, index int, values []any) error {
	for len(values) > 0 {
		if n := plain(values); n > 0 {
			if err := t.Insert(tx, index, values[:n]...); err != nil {
				return err
			}
			index, values = index+n, values[n:]
			continue
		}
		_, err := maker{
			text:     func() (crdt.Text, error) { return t.InsertText(tx, index) },
			array:    func() (crdt.Array, error) { return t.InsertArray(tx, index) },
			dict:     func() (crdt.Map, error) { return t.InsertMap(tx, index) },
			fragment: func() (crdt.XMLFragment, error) { return t.InsertXMLFragment(tx, index) },
			element:  func(name string) (crdt.XMLElement, error) { return t.InsertXMLElement(tx, index, name) },
			xmltext:  func() (crdt.XMLText, error) { return t.InsertXMLText(tx, index) },
		}.make(tx, values[0].(newType))
		if err != nil {
			return err
		}
		index, values = index+1, values[1:]
	}
	return nil
}

// pushValues is insertValues at the end, after what was deleted there as well.
func pushValues(tx *crdt.Txn, t crdt.Array, values []any) error {
	for len(values) > 0 {
		if n := plain(values); n > 0 {
			if err := t.Push(tx, values[:n]...); err != nil {
				return err
			}
			values = values[n:]
			continue
		}
		_, err := maker{
			text:     func() (crdt.Text, error) { return t.PushText(tx) },
			array:    func() (crdt.Array, error) { return t.PushArray(tx) },
			dict:     func() (crdt.Map, error) { return t.PushMap(tx) },
			fragment: func() (crdt.XMLFragment, error) { return t.PushXMLFragment(tx) },
			element:  func(name string) (crdt.XMLElement, error) { return t.PushXMLElement(tx, name) },
			xmltext:  func() (crdt.XMLText, error) { return t.PushXMLText(tx) },
		}.make(tx, values[0].(newType))
		if err != nil {
			return err
		}
		values = values[1:]
	}
	return nil
}

// plain returns how many of the values come before the first type.
func plain(values []any) int {
	for i, v := range values {
		if _, ok := v.(newType); ok {
			return i
		}
	}
	return len(values)
}

func setEntries(tx *crdt.Txn, m crdt.Map, entries []any) error {
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
	_, err := maker{
		text:     func() (crdt.Text, error) { return m.SetText(tx, key) },
		array:    func() (crdt.Array, error) { return m.SetArray(tx, key) },
		dict:     func() (crdt.Map, error) { return m.SetMap(tx, key) },
		fragment: func() (crdt.XMLFragment, error) { return m.SetXMLFragment(tx, key) },
		element:  func(name string) (crdt.XMLElement, error) { return m.SetXMLElement(tx, key, name) },
		xmltext:  func() (crdt.XMLText, error) { return m.SetXMLText(tx, key) },
	}.make(tx, n)
	return err
}

func insertNodes(tx *crdt.Txn, x crdt.XMLFragment, index int, nodes []any) error {
	for i, v := range nodes {
		at := index + i
		_, err := maker{
			element: func(name string) (crdt.XMLElement, error) { return x.InsertElement(tx, at, name) },
			xmltext: func() (crdt.XMLText, error) { return x.InsertText(tx, at) },
			hook:    func(name string) (crdt.XMLHook, error) { return x.InsertHook(tx, at, name) },
		}.make(tx, v.(newType))
		if err != nil {
			return err
		}
	}
	return nil
}

// insertNodesAfter inserts nodes right after a child, or before all children.
func insertNodesAfter(tx *crdt.Txn, x crdt.XMLFragment, child crdt.Shared, nodes []any) (err error) {
	for _, v := range nodes {
		child, err = maker{
			element: func(name string) (crdt.XMLElement, error) { return x.InsertElementAfter(tx, child, name) },
			xmltext: func() (crdt.XMLText, error) { return x.InsertTextAfter(tx, child) },
			hook:    func(name string) (crdt.XMLHook, error) { return x.InsertHookAfter(tx, child, name) },
		}.make(tx, v.(newType))
		if err != nil {
			return err
		}
	}
	return nil
}
