package tree

import (
	"fmt"
	"strings"
)

// OpKind is what an [Op] does.
type OpKind uint8

// The operations of RFC 6902. [Diff] makes the first four; all can be applied.
const (
	OpAdd OpKind = iota
	OpRemove
	OpReplace
	OpMove
	OpCopy
	OpTest
)

var opNames = [...]string{OpAdd: "add", OpRemove: "remove", OpReplace: "replace", OpMove: "move", OpCopy: "copy", OpTest: "test"}

func (k OpKind) String() string { return opNames[k] }

// An Op is one operation of a patch.
type Op struct {
	Kind OpKind
	// Path and From are JSON pointers, in parts and without escapes. From is of
	// move and copy.
	Path, From []string
	Value      *Node // of add, replace and test
}

// A Patch is a list of operations, each applied to what the one before has left.
type Patch []Op

// A PatchError says which operation of a patch cannot be applied, or is none.
type PatchError struct {
	Index  int // of the operation in the patch
	Reason string
}

func (e *PatchError) Error() string {
	return fmt.Sprintf("juggler: operation %d of the patch: %s", e.Index, e.Reason)
}

// ParsePatch reads a patch as it is in a state message. Members that an operation
// does not need are ignored. The error is a *PatchError.
func ParsePatch(n *Node) (Patch, error) {
	if n.kind != KindArray {
		return nil, &PatchError{Reason: "a patch is an array"}
	}
	p := make(Patch, len(n.items))
	for i, item := range n.items {
		if reason := parseOp(&p[i], item); reason != "" {
			return nil, &PatchError{i, reason}
		}
	}
	return p, nil
}

func parseOp(op *Op, n *Node) (fault string) {
	name, ok := n.stringMember("op")
	if !ok {
		return "no op"
	}
	known := false
	for kind, s := range opNames {
		if s == name {
			op.Kind, known = OpKind(kind), true
		}
	}
	if !known {
		return "unknown op"
	}
	if op.Path, ok = n.pointerMember("path"); !ok {
		return "no path that is a pointer"
	}
	switch op.Kind {
	case OpMove, OpCopy:
		if op.From, ok = n.pointerMember("from"); !ok {
			return "no from that is a pointer"
		}
	case OpAdd, OpReplace, OpTest:
		if op.Value, _, ok = n.child(step{name: "value"}); !ok {
			return "no value"
		}
	}
	return ""
}

func (n *Node) stringMember(name string) (string, bool) {
	v, _, ok := n.child(step{name: name})
	if !ok || v.kind != KindString {
		return "", false
	}
	return v.text, true
}

var (
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
)

// pointerMember reads a JSON pointer (RFC 6901). As the original's, it does not
// mind a ~ that escapes nothing.
func (n *Node) pointerMember(name string) ([]string, bool) {
	s, ok := n.stringMember(name)
	if !ok || s != "" && s[0] != '/' {
		return nil, false
	}
	if s == "" {
		return nil, true
	}
	parts := strings.Split(s[1:], "/")
	for i, part := range parts {
		parts[i] = unescape.Replace(part)
	}
	return parts, true
}

func pointer(parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(escape.Replace(part))
	}
	return b.String()
}

// AppendJSON appends the patch as a JSON text.
func (p Patch) AppendJSON(b []byte) []byte {
	b = append(b, '[')
	for i := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = p[i].appendJSON(b)
	}
	return append(b, ']')
}

func (op *Op) appendJSON(b []byte) []byte {
	b = append(b, `{"op":"`...)
	b = append(b, opNames[op.Kind]...)
	if op.Kind == OpMove || op.Kind == OpCopy {
		b = AppendString(append(b, `","from":`...), pointer(op.From))
		b = append(b, `,"path":`...)
	} else {
		b = append(b, `","path":`...)
	}
	b = AppendString(b, pointer(op.Path))
	if op.Value != nil {
		b = op.Value.AppendJSON(append(b, `,"value":`...))
	}
	return append(b, '}')
}

// size is about the length of the operation's JSON text, in bytes.
func (op *Op) size() uint64 {
	n := uint64(30)
	for _, part := range op.Path {
		n += uint64(len(part)) + 1
	}
	for _, part := range op.From {
		n += uint64(len(part)) + 1
	}
	if op.Value != nil {
		n = addSize(n, op.Value.size)
	}
	return n
}
