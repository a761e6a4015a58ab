package provider

import "github.com/weft-sync/weft/core/lib0"

// A presence update is a count, and for each client its id, its clock and its
// state as a JSON string; "null" is a removal.
// y-protocols@1.0.7/awareness.js#encodeAwarenessUpdate

// presenceEntry is one client's part of a presence update.
type presenceEntry struct {
	client uint64
	raw    []byte // the whole entry as encoded
}

// presenceReader walks over the entries of a presence update.
type presenceReader struct {
	r    lib0.Reader
	left uint64
}

func readPresence(b []byte) presenceReader {
	r := lib0.NewReader(b)
	n := r.Uint("presence count")
	return presenceReader{r: r, left: n}
}

// next returns the next entry; false at the end or at an error, which r has.
func (p *presenceReader) next() (presenceEntry, bool) {
	if p.left == 0 || p.r.Failed() {
		return presenceEntry{}, false
	}
	p.left--
	rest := p.r.Rest()
	client := p.r.Uint("presence client")
	p.r.Uint("presence clock")
	if p.r.JSON("presence state"); p.r.Failed() {
		return presenceEntry{}, false
	}
	return presenceEntry{client, rest[:len(rest)-p.r.Len()]}, true
}

// checkPresence returns an error if b is not one whole presence update.
func checkPresence(b []byte) error {
	p := readPresence(b)
	for _, ok := p.next(); ok; _, ok = p.next() {
	}
	return p.r.End("presence update")
}

// mergePresence returns one presence update with the entries of two that are well
// formed, where a client's entry in newer replaces the one in older. It may return
// newer itself.
func mergePresence(older, newer []byte) []byte {
	if len(older) == 0 {
		return newer
	}
	var entries []byte
	count := uint64(0)
	keep := func(e presenceEntry) {
		entries = append(entries, e.raw...)
		count++
	}
	from := readPresence(older)
	for e, ok := from.next(); ok; e, ok = from.next() {
		if !hasClient(newer, e.client) {
			keep(e)
		}
	}
	if count == 0 {
		return newer
	}
	from = readPresence(newer)
	for e, ok := from.next(); ok; e, ok = from.next() {
		keep(e)
	}
	return append(lib0.AppendUint(make([]byte, 0, len(entries)+4), count), entries...)
}

func hasClient(b []byte, client uint64) bool {
	p := readPresence(b)
	for e, ok := p.next(); ok; e, ok = p.next() {
		if e.client == client {
			return true
		}
	}
	return false
}
