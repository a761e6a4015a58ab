// Package tree holds JSON documents as immutable trees, changes them, and
// computes and applies the differences between them (JSON Patch, RFC 6902).
//
// It does no I/O and knows nothing of connections. The main types are [Node], a
// JSON value, and [Patch], a list of operations.
//
//	old, err := tree.Parse([]byte(`{"a": [1, 2]}`))
//	changed, err := old.Set(tree.Path{"a", 1}, tree.Null)
//	patch := tree.Diff(old, changed)       // replace /a/1 null
//	same, err := patch.Apply(old, limit)   // equal to changed
//
// A changed tree shares what did not change with the old one, so that a change
// costs the way to it, and [Diff] passes over whatever is shared without looking
// inside.
//
// # Equality
//
// Values are equal as JSON texts are: 1 and true differ, and so do 1 and 1.0,
// because a number is kept as it was written. Large integers lose nothing. The
// order of an object's members means nothing, and the last of several members of
// one name counts.
//
// # Limits
//
// A document is nested at most [MaxDepth] deep. A lone surrogate in a string
// ("\ud800") becomes U+FFFD: Go's strings are UTF-8, which has no surrogates.
package tree
