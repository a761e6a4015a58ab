package room

// Edit takes over an update that the program made in the document itself: it is
// stored and sent to every member, as one that a member sent. u must not change
// afterwards.
func (r *Room) Edit(now int64, u []byte) {
	r.advance(now)
	r.stats.Updates++
	r.batch.add(r.host, u, nil)
}
