package update

import "github.com/weft-sync/weft/core/lib0"

// appendTail appends what is left of a struct when its first cut units, of which
// there are more, are taken away: an item whose origin is the last unit that was
// cut. raw is the struct as it was read, id its id.
//
// Source: yjs@13.6.33/src/utils/updates.js#sliceStruct, and the methods splice
// and write of yjs@13.6.33/src/structs/*.js, which agree on the bytes.
func appendTail(b, raw []byte, id ID, cut uint64) []byte {
	r := lib0.NewReader(raw)
	kind := Kind(raw[0] & infoKind)
	if kind == KindGC || kind == KindSkip {
		r.Byte("struct info")
		return lib0.AppendUint(append(b, byte(kind)), r.Uint("length")-cut)
	}
	p := readPlace(&r)
	p.HasOrigin, p.Origin = true, ID{id.Client, id.Clock + cut - 1}
	b = p.appendTo(b, kind)
	switch kind {
	case KindDeleted:
		return lib0.AppendUint(b, r.Uint("length")-cut)
	case KindString:
		return appendTextTail(b, r.Bytes("string"), int(cut))
	case KindJSON, KindAny:
		b = lib0.AppendUint(b, r.Uint("count")-cut)
		for ; cut > 0; cut-- {
			if kind == KindJSON {
				r.Bytes("json")
			} else {
				r.SkipAny("any")
			}
		}
	}
	return append(b, r.Rest()...)
}

// appendTextTail appends text without its first cut UTF-16 units. Half of a
// surrogate pair cannot be written in UTF-8: in its place stands U+FFFD, as in
// Yjs. Source: yjs@13.6.33/src/structs/ContentString.js#splice.
func appendTextTail(b, text []byte, cut int) []byte {
	at, inside := lib0.CutUTF16(text, cut)
	if !inside {
		return lib0.AppendBytes(b, text[at:])
	}
	const replacement = "\uFFFD"
	text = text[at+4:]
	b = lib0.AppendUint(b, uint64(len(replacement)+len(text)))
	return append(append(b, replacement...), text...)
}
