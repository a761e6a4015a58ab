package crdt

func (t Text) insertInherited(tx *Txn, index int, in *incoming) error { return ErrValue }
func (t Text) deleteFormatted(tx *Txn, index, length int) error       { return ErrValue }
