package update

import "github.com/weft-sync/weft/core/lib0"

// DecodeIDSet reads what IDSet.Append writes: a delete set in version 1. The error
// is a *lib0.Error.
func DecodeIDSet(b []byte) (IDSet, error) {
	r := lib0.NewReader(b)
	s := readIDSet(&r)
	if err := r.End("delete set"); err != nil {
		return IDSet{}, err
	}
	return s, nil
}

// DecodeIDSetV2 reads what IDSet.AppendV2 writes: a delete set in version 2. The
// error is a *lib0.Error.
func DecodeIDSetV2(b []byte) (IDSet, error) {
	r := lib0.NewReader(b)
	s := readIDSetV2(&r)
	if err := r.End("delete set"); err != nil {
		return IDSet{}, err
	}
	return s, nil
}

// readIDSet reads a delete set in version 1.
func readIDSet(r *lib0.Reader) (ids IDSet) {
	s := scanner{Reader: *r, deleteClients: -1}
	for s.deleteClient() {
		for s.deleteRange() {
			ids.Add(s.client, s.deleted.Start, s.deleted.End)
		}
	}
	*r = s.Reader
	return ids
}

// readIDSetV2 reads a delete set in version 2.
func readIDSetV2(r *lib0.Reader) (ids IDSet) {
	for range r.Count("delete set clients", 2) {
		client, end := r.Uint("delete set client"), uint64(0)
		for range r.Count("delete ranges", 2) {
			deleted := deleteRangeV2(r, &end)
			if r.Failed() {
				return ids
			}
			ids.Add(client, deleted.Start, deleted.End)
		}
	}
	return ids
}

// Append appends the set as the delete set of an update, clients descending.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#writeDeleteSet.
func (s *IDSet) Append(b []byte) []byte {
	b = lib0.AppendUint(b, uint64(len(s.clients)))
	for _, i := range s.descending() {
		c := &s.clients[i]
		b = lib0.AppendUint(b, c.client)
		b = lib0.AppendUint(b, uint64(c.ranges.len()))
		c.ranges.each(func(r Range) bool {
			b = lib0.AppendUint(b, r.Start)
			b = lib0.AppendUint(b, r.End-r.Start)
			return true
		})
	}
	return b
}

// AppendV2 appends the set as the delete set of an update of version 2, clients
// descending. Source: yjs@13.6.33/src/utils/DeleteSet.js#writeDeleteSet.
func (s *IDSet) AppendV2(b []byte) []byte {
	b = lib0.AppendUint(b, uint64(len(s.clients)))
	for _, i := range s.descending() {
		c := &s.clients[i]
		b = lib0.AppendUint(b, c.client)
		b = lib0.AppendUint(b, uint64(c.ranges.len()))
		end := uint64(0)
		c.ranges.each(func(r Range) bool {
			b = appendRangeV2(b, r, &end)
			return true
		})
	}
	return b
}

// size returns how many bytes Append appends.
func (s *IDSet) size() int {
	n := lib0.SizeUint(uint64(len(s.clients)))
	for i := range s.clients {
		c := &s.clients[i]
		n += lib0.SizeUint(c.client) + lib0.SizeUint(uint64(c.ranges.len()))
		c.ranges.each(func(r Range) bool {
			n += lib0.SizeUint(r.Start) + lib0.SizeUint(r.End-r.Start)
			return true
		})
	}
	return n
}
