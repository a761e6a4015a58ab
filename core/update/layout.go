package update

// layout says how the values of embeds and formats are held among the bytes of
// structs.
//
// The planning of merges and diffs works on bytes in the layout of version 1. An
// update of version 2 is turned into that layout first, and the result is turned
// back; but embeds and formats stay Any on the way, because JSON text has no word
// for some of what Any can hold. All else is in the same form in both.
type layout uint8

const (
	withJSON layout = iota // JSON text: version 1 as it is on the wire
	withAny                // Any: what version 2 is turned into
)
