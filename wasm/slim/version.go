package slim

import "strings"

// Versions lists the Go releases, as major.minor, whose runtime tables [Strip]
// knows. A new release is added here after runtime.pcHeader, moduledata, _func
// and inlinedCall were compared with layout.go and the tests ran with it.
var Versions = []string{"go1.26"}

// producersName is the custom section in which a toolchain says who it is
// (https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md).
// The Go linker always writes it, and it is kept, so that a module can be
// recognised later.
const producersName = "producers"

const (
	fieldProcessedBy = "processed-by"
	toolGo           = "Go cmd/compile"
	maxProducers     = 16
)

// customName returns the name of a custom section and what follows it.
func customName(s section) (string, *reader) {
	r := &reader{b: s.body, base: s.offset}
	name := r.bytes(r.uint32("name"), "name")
	return string(name), r
}

// goVersion returns the version of the Go toolchain that made the module, for
// example "go1.26.1 X:nogreenteagc", or "" when the module does not say.
func goVersion(sections []section) string {
	for _, s := range sections {
		if s.id != sectionCustom {
			continue
		}
		name, r := customName(s)
		if name != producersName {
			continue
		}
		fields := r.uint32("fields")
		for range min(fields, maxProducers) {
			field := string(r.bytes(r.uint32("field"), "field"))
			values := r.uint32("values")
			for range min(values, maxProducers) {
				tool := string(r.bytes(r.uint32("tool"), "tool"))
				version := string(r.bytes(r.uint32("version"), "version"))
				if r.err == nil && field == fieldProcessedBy && tool == toolGo {
					return version
				}
			}
		}
	}
	return ""
}

// knownVersion reports whether the tables of version are known: a release or
// patch release of one of [Versions], with or without experiments, but no
// development version, release candidate or fork.
func knownVersion(version string) bool {
	release, _, _ := strings.Cut(version, " ")
	for _, v := range Versions {
		patch, ok := strings.CutPrefix(release, v)
		if !ok {
			continue
		}
		if patch == "" {
			return true
		}
		digits, ok := strings.CutPrefix(patch, ".")
		if ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
			return true
		}
	}
	return false
}
