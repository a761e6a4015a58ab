package crdt

// SubdocTableLen returns how many places the table of subdocuments has.
func SubdocTableLen(d *Doc) int { return len(d.subdocs) }
