package server

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// NameRule says which names a document may have. A name is the percent-decoded
// path of a request behind the mount, without its first slash. It is only ever a
// key: no name is a path in a file system, and "__proto__" is a name like any
// other.
type NameRule int

const (
	// NamesPath takes 1 to 250 bytes of what a URL path can carry: valid UTF-8
	// without control characters, in segments parted by slashes of which none is
	// empty, "." or "..", and the first is not "_weft".
	NamesPath NameRule = iota

	// NamesELVA takes what ELVA's tools take: 10 to 250 ASCII letters, digits,
	// "-" and "_".
	NamesELVA
)

const (
	maxName     = 250 // bytes; store.MaxName too
	minNameELVA = 10
	reserved    = "_weft" // the first path segment of everything that is not a document
)

// Check returns a *[NameError] if name is not accepted.
func (rule NameRule) Check(name string) error {
	if len(name) > maxName {
		return &NameError{fmt.Sprintf("%d bytes are more than %d", len(name), maxName)}
	}
	if rule == NamesELVA {
		return checkELVA(name)
	}
	return checkPath(name)
}

func checkELVA(name string) error {
	if len(name) < minNameELVA {
		return &NameError{fmt.Sprintf("%d bytes are fewer than %d", len(name), minNameELVA)}
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return &NameError{"only letters, digits, - and _ are allowed"}
		}
	}
	return nil
}

func checkPath(name string) error {
	if name == "" {
		return &NameError{"it is empty"}
	}
	if !utf8.ValidString(name) {
		return &NameError{"it is not valid UTF-8"}
	}
	for i, segment := range strings.Split(name, "/") {
		switch {
		case segment == "":
			return &NameError{"it has an empty path segment"}
		case segment == "." || segment == "..":
			return &NameError{"it has a path segment . or .."}
		case i == 0 && segment == reserved:
			return &NameError{"names below " + reserved + "/ are reserved"}
		}
	}
	if strings.ContainsFunc(name, isControl) {
		return &NameError{"it has control characters"}
	}
	return nil
}

// isControl reports whether r is a C0 or C1 control character or DEL.
func isControl(r rune) bool { return r < 0x20 || 0x7f <= r && r <= 0x9f }
