package update

// MaxSize is the most bytes of an update, of updates merged at once, and of a
// document.
const MaxSize = 1 << 30

// Validate checks an update from its first byte to its last: what it accepts, Yjs
// can read, store and write again. It allocates nothing unless it fails. The
// error is a *lib0.Error.
func Validate(u []byte) error {
	s := scan(u, withJSON)
	for s.section() {
		for s.next() {
		}
	}
	return s.rest()
}

// Contents returns the ids of the units that an update carries, those of GCs
// among them and those of Skips not, and the ids that its delete set names. The
// error is a *lib0.Error.
func Contents(u []byte) (structs, deletes IDSet, err error) { return contentsOf(u, withJSON) }

func contentsOf(u []byte, l layout) (structs, deletes IDSet, err error) {
	s := scan(u, l)
	for s.section() {
		for s.next() {
			if s.info != byte(KindSkip) {
				structs.Add(s.client, s.start, s.clock)
			}
		}
	}
	for s.deleteClient() {
		for s.deleteRange() {
			deletes.Add(s.client, s.deleted.Start, s.deleted.End)
		}
	}
	if err := s.End("update"); err != nil {
		return IDSet{}, IDSet{}, err
	}
	return structs, deletes, nil
}
