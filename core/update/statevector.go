package update

import (
	"cmp"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// StateVector says of each client how many units of it are known: every clock
// below the number. A client that is not in it is not known.
type StateVector map[uint64]uint64

// DecodeStateVector reads a state vector. The error is a *lib0.Error. Of a client
// that occurs twice the last clock counts, as in Yjs.
// Source: yjs@13.6.33/src/utils/encoding.js#readStateVector.
func DecodeStateVector(b []byte) (StateVector, error) {
	list, err := readClocks(b)
	if err != nil {
		return nil, err
	}
	return list.vector(), nil
}

// Append appends the state vector, clients descending.
// Source: yjs@13.6.33/src/utils/encoding.js#writeStateVector.
func (v StateVector) Append(b []byte) []byte {
	list := make(clockList, 0, len(v))
	for client, clock := range v {
		list = append(list, clientClock{client, clock})
	}
	slices.SortFunc(list, clientClock.compare)
	return list.append(b)
}

// clockList is a state vector as a list, clients descending, each once.
type clockList []clientClock

type clientClock struct{ client, clock uint64 }

func (c clientClock) compare(o clientClock) int { return cmp.Compare(o.client, c.client) }

func readClocks(b []byte) (clockList, error) {
	r := lib0.NewReader(b)
	list := readClocksOf(&r)
	if err := r.End("state vector"); err != nil {
		return nil, err
	}
	return list, nil
}

// readClocksOf reads a state vector.
func readClocksOf(r *lib0.Reader) clockList {
	list := make(clockList, r.Count("state vector clients", 2))
	sorted := true
	for i := range list {
		list[i].client = r.Uint("client")
		list[i].clock = r.Uint("clock")
		sorted = sorted && (i == 0 || list[i-1].client > list[i].client)
	}
	if !sorted {
		slices.SortStableFunc(list, clientClock.compare)
		n := 0
		for _, c := range list {
			if n > 0 && list[n-1].client == c.client {
				n-- // the last one counts
			}
			list[n] = c
			n++
		}
		list = list[:n]
	}
	return list
}

func (l clockList) vector() StateVector {
	v := make(StateVector, len(l))
	for _, c := range l {
		v[c.client] = c.clock
	}
	return v
}

// clock returns how many units of a client are known.
func (l clockList) clock(client uint64) uint64 {
	i, ok := slices.BinarySearchFunc(l, client, func(c clientClock, client uint64) int {
		return cmp.Compare(client, c.client)
	})
	if !ok {
		return 0
	}
	return l[i].clock
}

func (l clockList) append(b []byte) []byte {
	b = lib0.AppendUint(b, uint64(len(l)))
	for _, c := range l {
		b = lib0.AppendUint(lib0.AppendUint(b, c.client), c.clock)
	}
	return b
}

// StateVectorOf returns the encoded state vector of an update, byte for byte what
// Y.encodeStateVectorFromUpdate of Yjs 13.6 returns: of each client the clock up
// to which the update has everything from 0 on, in the order of the update,
// without the clients that it has nothing of.
//
// It keeps a fault of Yjs: if the very first struct is a Skip at clock 0, its ids
// count as known. Yjs 13.6 writes no such update, and Merge returns none. A Doc's
// state vector is right in any case.
//
// The result is the caller's. The error is a *lib0.Error.
func StateVectorOf(u []byte) ([]byte, error) { return stateVectorOf(u, withJSON) }

func stateVectorOf(u []byte, l layout) ([]byte, error) {
	var list clockList
	var clients clientOrder
	s := scan(u, l)
	first := true
	for s.section() {
		clients.add(s.client)
		known, counting := uint64(0), s.clock == 0
		for s.next() {
			if first && s.start == 0 && s.info == byte(KindSkip) {
				known = s.units
			}
			first = false
			counting = counting && s.info != byte(KindSkip)
			if counting {
				known = s.clock
			}
		}
		if known > 0 {
			list = append(list, clientClock{s.client, known})
		}
	}
	if err := s.rest(); err != nil {
		return nil, err
	}
	if clients.repeated() {
		return stateVectorOf(rewritten(u, l, false, true), l)
	}
	return list.append(nil), nil
}
