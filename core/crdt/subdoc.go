package crdt

// subdoc is a document within a document.
type subdoc struct {
	guid    string
	options []byte // an encoded object
	doc     *Doc
	item    handle
}

func (d *Doc) subdocOf(i uint32) any { return d.subdocs[i].doc }

func (tx *Txn) addSubdoc(h handle, in *incoming) uint32 {
	d := tx.doc
	d.subdocs = append(d.subdocs, subdoc{guid: string(in.label), options: append([]byte{}, in.content...), doc: in.sub, item: h})
	return uint32(len(d.subdocs) - 1)
}

func (tx *Txn) removeSubdoc(i uint32) {}

func (d *Doc) announceSubdocs(tx *Txn) {}
