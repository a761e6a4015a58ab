//go:build !invariants

package crdt

func (d *Doc) checkInvariants() {}
