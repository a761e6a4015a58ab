package archtest

import (
	"slices"
	"strings"
)

const module = "github.com/weft-sync/weft"

// A rule says what the packages of one folder may import. The first rule whose
// folder holds a package is the one that counts, so the order is from the
// particular to the general.
type rule struct {
	folder string
	// std lists the standard packages allowed; nil means any.
	std []string
	// own lists the weft folders allowed, each with all below it.
	own []string
	// third lists the third-party modules allowed.
	third []string
	// reason is printed with a broken rule.
	reason string
	// native marks a folder that only a native build has.
	native bool
}

// coreStd is what the pure core may take from the standard library: nothing
// that does I/O, reads a clock, starts goroutines, or costs a page bytes.
// Measured in brotli bytes added to a module: fmt 138 KB, time 42, context 73,
// encoding/json 257, sync.Pool with sync.Map 16, reflect walking methods more.
var coreStd = []string{
	"bytes", "cmp", "encoding/binary", "errors", "iter", "maps", "math", "math/bits",
	"slices", "sort", "strconv", "strings", "unicode/utf16", "unicode/utf8",
}

const coreReason = "core is pure: no I/O, no clock, no goroutines, no third parties, and every import is paid for in each page's download"

var rules = []rule{
	{folder: "core/lib0", std: coreStd, own: nil, reason: coreReason + "; lib0 is the ground floor and knows nobody"},
	{folder: "core/update", std: coreStd, own: []string{"core/lib0"}, reason: coreReason + "; update stands on lib0 only"},
	{folder: "core/crdt", std: coreStd, own: []string{"core/lib0", "core/update"}, reason: coreReason + "; crdt stands on update"},
	{folder: "core/awareness", std: coreStd, own: []string{"core/lib0"}, reason: coreReason + "; awareness stands on lib0 only"},
	{folder: "core/codec", std: coreStd, own: []string{"core/lib0"}, reason: coreReason + "; codec stands on lib0 only: payloads stay bytes"},
	{folder: "core/provider", std: coreStd, own: []string{"core/lib0", "core/update", "core/codec", "core/awareness"}, reason: coreReason + "; provider does not know room"},
	{folder: "core/room", std: coreStd, own: []string{"core/lib0", "core/update", "core/codec", "core/awareness", "core/fanout"}, reason: coreReason + "; room does not know provider"},
	{folder: "core/session", std: coreStd, own: []string{"core/lib0", "core/codec", "core/room", "core/update", "core/awareness"}, reason: coreReason + "; session opens the doors of rooms, and does not know provider"},
	{folder: "core/fanout", std: coreStd, own: []string{"core/codec"}, reason: coreReason + "; fanout passes frames on and knows nothing of what they mean"},
	{folder: "core/relay", std: coreStd, own: []string{"core/lib0", "core/codec", "core/fanout"}, reason: coreReason + "; relay knows no document, no provider and no room"},
	{folder: "core/coretest", std: coreStd, own: []string{"core"}, reason: coreReason + "; the kit runs on every target too"},

	{folder: "native/cmd/weft", own: []string{"core", "native", "server", "page"}, third: []string{"github.com/alecthomas/kong"}, native: true,
		reason: "the command wires: flags from kong, everything else from our own packages"},
	{folder: "native/badgerstore", own: []string{"core", "native/host", "native/store"}, third: []string{"github.com/dgraph-io/badger/v4"}, native: true,
		reason: "a native package has one third-party module, and this one's is Badger"},
	{folder: "native/wsconn", own: []string{"core", "native/host", "native/store"}, third: []string{"github.com/coder/websocket"}, native: true,
		reason: "a native package has one third-party module, and this one's is coder/websocket"},
	{folder: "native/tokens", own: []string{"core"}, third: []string{"github.com/golang-jwt/jwt/v5"}, native: true,
		reason: "tokens judges signed tokens, and knows no server"},
	{folder: "native/store/storetest", own: []string{"core", "native/store"}, third: []string{"go.uber.org/goleak", "github.com/google/go-cmp"}, native: true,
		reason: "the conformance suite serves any store, so it knows none"},
	{folder: "native/store", own: []string{"core", "native/store"}, native: true,
		reason: "the storage contract stands on the core only"},
	{folder: "native/host", own: []string{"core"}, native: true,
		reason: "the host drives machines and knows no transport and no storage"},
	{folder: "native/client", own: []string{"core", "native/host", "native/wsconn"}, native: true,
		reason: "the Go provider needs a loop and a socket, no storage and no server"},
	{folder: "native/htpasswd", third: []string{"github.com/tg123/go-htpasswd"}, native: true,
		reason: "a native package has one third-party module, and this one's is go-htpasswd"},
	{folder: "native/juggler/internal/tree", native: true,
		reason: "JSON trees stand on the standard library: they know no connection"},
	{folder: "native/juggler", own: []string{"core", "native/host", "native/store", "native/wsconn"}, native: true,
		reason: "Juggler's socket is wsconn's and its passwords are a function of the caller's, so it needs no third party"},
	{folder: "native/origin", own: nil, native: true,
		reason: "which pages may connect is decided from the request alone"},
	{folder: "native/relay", own: []string{"core", "native/host", "native/origin", "native/wsconn"}, native: true,
		reason: "the relay needs a loop and sockets, no storage and no server"},
	{folder: "server", own: []string{"core", "native/host", "native/origin", "native/store", "native/wsconn"}, native: true,
		reason: "server works with any store and shows no library's types: it imports core and native interfaces, never Badger or a WebSocket library"},
	{folder: "page", native: true, reason: "page only embeds what was built"},

	{folder: "wasm/abi", std: coreStd, own: []string{"core"}, reason: "the byte protocol is shared by the module and its tests, and ships to pages"},
	{folder: "wasm/build", own: []string{"wasm/slim"}, third: []string{"github.com/andybalholm/brotli"}, reason: "the builder knows the go command and the shrinker"},
	{folder: "wasm/slim", own: nil, reason: "the shrinker reads and writes bytes"},
	{folder: "wasm", std: append([]string{"runtime", "unsafe", "math/rand/v2"}, coreStd...),
		own:    []string{"core/lib0", "core/update", "core/codec", "core/awareness", "core/provider", "wasm/abi"},
		reason: "the module a page loads carries the provider and nothing else"},

	{folder: "tests", own: []string{"core", "native", "server", "page", "wasm", "tests"},
		third:  []string{"*"},
		reason: "suites cross packages"},
	{folder: "examples", own: []string{"core", "native", "server", "page"}, native: true,
		reason: "examples use what a user can use"},
}

func ruleFor(rel string) (rule, bool) {
	for _, r := range rules {
		if within(rel, r.folder) {
			return r, true
		}
	}
	return rule{}, false
}

// refuses returns why the package rel of rule r may not import imp, or "".
func (r rule) refuses(rel, imp string) string {
	if own, ok := strings.CutPrefix(imp, module); ok {
		own = strings.TrimPrefix(own, "/")
		if within(own, "tests") && !within(rel, "tests") {
			return "nothing imports from tests"
		}
		if within(own, r.folder) || slices.ContainsFunc(r.own, func(f string) bool { return within(own, f) }) {
			return ""
		}
		return r.reason
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") { // the standard library has no dots
		if r.std == nil || slices.Contains(r.std, imp) {
			return ""
		}
		return r.reason
	}
	if slices.ContainsFunc(r.third, func(m string) bool { return m == "*" || within(imp, m) }) {
		return ""
	}
	return r.reason
}

// mayBeAbsent reports whether a target may lack every package of the folder.
func (r rule) mayBeAbsent(goos string) bool {
	return r.folder == "examples" || (goos != "linux" && (r.native || strings.HasPrefix(r.folder, "wasm") || r.folder == "tests"))
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
