package crdt

// SubdocTableLen returns how many places the table of subdocuments has.
func SubdocTableLen(d *Doc) int { return len(d.subdocs) }

// TreeNodes returns how many nodes the trees of positions have.
func TreeNodes(d *Doc) int { return len(d.nodes) }

// LoadAll makes a document load updates of any size in one pass, if they are its first.
func LoadAll(d *Doc) { d.loadFrom = 0 }
