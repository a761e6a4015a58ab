package tree

import (
	"slices"
	"strconv"
)

// Apply returns the document with the patch applied. A patch that cannot be applied
// whole is not applied at all, and the error is a *PatchError; so it is when the
// document would be larger than limit bytes on the way, or too deep.
//
// The root can be added, replaced, moved from and removed, whatever it is; without
// it there is null. An array's index has no leading zeros; "-" is the place behind
// its end, for add.
func (p Patch) Apply(n *Node, limit uint64) (*Node, error) {
	for i := range p {
		changed, fault := p[i].apply(n)
		switch {
		case fault != "":
			return nil, &PatchError{i, fault}
		case changed.size > limit:
			return nil, &PatchError{i, "the document becomes larger than " + strconv.FormatUint(limit, 10) + " bytes"}
		case changed.depth > MaxDepth:
			return nil, &PatchError{i, "the document becomes too deep"}
		}
		n = changed
	}
	return n, nil
}

func (op *Op) apply(n *Node) (changed *Node, fault string) {
	v := op.Value
	switch op.Kind {
	case OpRemove:
		return n.edit(op.Path, dropped, nil)
	case OpReplace:
		return n.edit(op.Path, replaced, v)
	case OpTest:
		if v, fault = n.at(op.Path); fault == "" && !sameValue(v, op.Value) {
			fault = "the test fails"
		}
		return n, fault
	case OpMove, OpCopy:
		if v, fault = n.at(op.From); fault != "" {
			return nil, fault
		}
		if op.Kind == OpMove {
			if len(op.Path) > len(op.From) && slices.Equal(op.From, op.Path[:len(op.From)]) {
				return nil, "a value cannot be moved into itself"
			}
			if n, fault = n.edit(op.From, dropped, nil); fault != "" {
				return nil, fault
			}
		}
	}
	return n.edit(op.Path, added, v)
}

// edit changes one part of a document.
type edit uint8

const (
	added edit = iota
	replaced
	dropped
)

const (
	noPart   = "there is no such part"
	noParent = "what should hold the part is no array or object"
)

// edit returns the document with the edit done at the path.
func (n *Node) edit(path []string, e edit, v *Node) (changed *Node, fault string) {
	if len(path) == 0 {
		if e == dropped {
			return Null, ""
		}
		return v, ""
	}
	if len(path) == 1 {
		return n.editPart(path[0], e, v)
	}
	part, at, fault := n.part(path[0])
	if fault != "" {
		return nil, fault
	}
	if changed, fault = part.edit(path[1:], e, v); fault != "" {
		return nil, fault
	}
	if n.kind == KindArray {
		return n.withItem(at, changed), ""
	}
	return n.withMember(path[0], changed), ""
}

// editPart does the edit at a part of n itself.
func (n *Node) editPart(name string, e edit, v *Node) (changed *Node, fault string) {
	if e == added {
		switch n.kind {
		case KindObject:
			return n.withMember(name, v), ""
		case KindArray:
			at, ok := arrayIndex(name)
			if name == "-" {
				at, ok = len(n.items), true
			}
			if !ok || at > len(n.items) {
				return nil, noPart
			}
			return n.insertItem(at, v), ""
		}
		return nil, noParent
	}
	_, at, fault := n.part(name)
	switch {
	case fault != "":
		return nil, fault
	case e == replaced && n.kind == KindArray:
		return n.withItem(at, v), ""
	case e == replaced:
		return n.withMember(name, v), ""
	case n.kind == KindArray:
		return n.withoutItem(at), ""
	}
	return n.withoutMember(at), ""
}

// part returns the part of n that one part of a pointer names.
func (n *Node) part(name string) (part *Node, at int, fault string) {
	s := step{name: name}
	switch n.kind {
	case KindArray:
		i, ok := arrayIndex(name)
		if !ok {
			return nil, 0, noPart
		}
		s = step{index: i, array: true}
	case KindObject:
	default:
		return nil, 0, noParent
	}
	part, at, ok := n.child(s)
	if !ok {
		return nil, 0, noPart
	}
	return part, at, ""
}

func (n *Node) at(path []string) (part *Node, fault string) {
	for _, name := range path {
		if n, _, fault = n.part(name); fault != "" {
			return nil, fault
		}
	}
	return n, ""
}

// arrayIndex reads an index as RFC 6901, section 4, writes it.
func arrayIndex(s string) (int, bool) {
	i, err := strconv.ParseUint(s, 10, 31)
	return int(i), err == nil && (s[0] != '0' || s == "0")
}

// sameValue is RFC 6902's equality, for which numbers are the same when their
// values are (section 4.6).
func sameValue(a, b *Node) bool {
	if a.kind != b.kind {
		return false
	}
	if a.kind == KindNumber {
		return sameNumber(a.text, b.text)
	}
	return a.text == b.text && slices.EqualFunc(a.items, b.items, sameValue) &&
		slices.EqualFunc(a.members, b.members, func(x, y member) bool {
			return x.name == y.name && sameValue(x.value, y.value)
		})
}
