package tree

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// Kind is what a [Node] is.
type Kind uint8

// The kinds of JSON values.
const (
	KindNull Kind = iota
	KindFalse
	KindTrue
	KindNumber
	KindString
	KindArray
	KindObject
)

// A Node is a JSON value. It never changes, so it may be shared between trees and
// goroutines. Nodes are made by [Parse] and by changing others.
type Node struct {
	kind Kind
	// text is a number as it was written, or a string's characters.
	text    string
	items   []*Node  // of an array
	members []member // of an object, sorted by name
	// size is about the length of the JSON text, in bytes. It saturates: a tree
	// that shares its parts with itself can be larger than any memory.
	size  uint64
	hash  uint64
	depth int // 0 for a scalar, 1 for an array of scalars
}

type member struct {
	name  string
	value *Node
}

// Null is the JSON value null, which every state begins as.
var Null = newNode(Node{kind: KindNull, size: 4})

var (
	falseNode = newNode(Node{kind: KindFalse, size: 5})
	trueNode  = newNode(Node{kind: KindTrue, size: 4})
)

var seed = maphash.MakeSeed()

func newNode(n Node) *Node {
	var h maphash.Hash
	h.SetSeed(seed)
	_ = h.WriteByte(byte(n.kind))
	_, _ = h.WriteString(n.text)
	if n.kind >= KindArray {
		n.depth = 1
	}
	for _, item := range n.items {
		maphash.WriteComparable(&h, item.hash)
		n.depth = max(n.depth, item.depth+1)
	}
	for _, m := range n.members {
		maphash.WriteComparable(&h, len(m.name))
		_, _ = h.WriteString(m.name)
		maphash.WriteComparable(&h, m.value.hash)
		n.depth = max(n.depth, m.value.depth+1)
	}
	n.hash = h.Sum64()
	return &n
}

func newNumber(text string) *Node {
	return newNode(Node{kind: KindNumber, text: text, size: uint64(len(text))})
}

func newString(s string) *Node {
	return newNode(Node{kind: KindString, text: s, size: uint64(len(s)) + 2})
}

// newArray owns items.
func newArray(items []*Node) *Node {
	size := uint64(2)
	for _, item := range items {
		size = addSize(size, item.size+1)
	}
	return newNode(Node{kind: KindArray, items: items, size: size})
}

// newObject owns members, which are sorted and have different names.
func newObject(members []member) *Node {
	size := uint64(2)
	for _, m := range members {
		size = addSize(size, m.value.size+uint64(len(m.name))+4)
	}
	return newNode(Node{kind: KindObject, members: members, size: size})
}

// maxSize leaves room for additions that do not check.
const maxSize = 1 << 62

func addSize(a, b uint64) uint64 { return min(a+b, maxSize) }

// Kind returns what the value is.
func (n *Node) Kind() Kind { return n.kind }

// Size returns about how many bytes the value has as a JSON text.
func (n *Node) Size() uint64 { return n.size }

// find returns where an object's member is, or would be.
func (n *Node) find(name string) (int, bool) {
	return slices.BinarySearchFunc(n.members, name, func(m member, name string) int {
		return cmp.Compare(m.name, name)
	})
}

// Equal reports whether two values are equal; see the package comment.
func Equal(a, b *Node) bool {
	if a == b {
		return true
	}
	if a.hash != b.hash || a.kind != b.kind || a.text != b.text {
		return false
	}
	return slices.EqualFunc(a.items, b.items, Equal) &&
		slices.EqualFunc(a.members, b.members, func(x, y member) bool {
			return x.name == y.name && Equal(x.value, y.value)
		})
}

// sameNumber reports whether two numbers have one value: RFC 6902 wants 1 and 1.0
// to be the same in a test operation (section 4.6), and there alone.
func sameNumber(a, b string) bool {
	x, y := decimal(a), decimal(b)
	return x == y
}

// decimalNumber is a number as 0.digits times ten to the power of exponent.
type decimalNumber struct {
	negative bool
	digits   string // without zeros at either end
	exponent int
}

func decimal(s string) decimalNumber {
	var d decimalNumber
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.digits = strings.TrimLeft(whole+fraction, "0")
	if d.digits == "" {
		return decimalNumber{} // zero, and minus zero
	}
	d.exponent = clampedInt(exponent) + len(whole) - (len(whole+fraction) - len(d.digits))
	d.digits = strings.TrimRight(d.digits, "0")
	return d
}

// clampedInt reads an exponent; one that is beyond any use becomes some large one.
func clampedInt(s string) int {
	s, negative := strings.CutPrefix(s, "-")
	n := 0
	for _, c := range strings.TrimPrefix(s, "+") {
		n = min(n*10+int(c-'0'), 1<<27)
	}
	if negative {
		return -n
	}
	return n
}
