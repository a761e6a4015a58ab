package lib0

import (
	"cmp"
	"slices"
)

// fewMembers is how many members are compared with each other, without a map.
const fewMembers = 8

// ordered returns members as an object of JavaScript has them: each key once, with
// its last value, where it came first, but array indexes in front of all
// others and ascending. The argument stays as it is; the result may be it.
// Source: ECMA-262, OrdinaryOwnPropertyKeys.
func ordered(members []Member) []Member {
	indexes := 0
	for i := range members {
		if _, ok := ArrayIndex(members[i].Key); ok {
			indexes++
		}
	}
	unique := distinct(members)
	if indexes == 0 {
		return unique
	}
	if len(unique) == len(members) {
		unique = slices.Clone(unique)
	}
	slices.SortStableFunc(unique, func(a, b Member) int {
		x, isX := ArrayIndex(a.Key)
		y, isY := ArrayIndex(b.Key)
		switch {
		case isX && isY:
			return cmp.Compare(x, y)
		case isX:
			return -1
		case isY:
			return 1
		}
		return 0
	})
	return unique
}

// distinct returns members with repeated keys put together. The result is the
// argument if there are none, and a copy otherwise.
func distinct(members []Member) []Member {
	find := func(i int) int {
		return slices.IndexFunc(members[:i], func(m Member) bool { return string(m.Key) == string(members[i].Key) })
	}
	if len(members) > fewMembers {
		places := make(map[string]int, len(members))
		find = func(i int) int {
			if place, ok := places[string(members[i].Key)]; ok {
				return place
			}
			places[string(members[i].Key)] = i
			return -1
		}
	}
	var unique []Member // nil while no key was repeated
	var places []int    // where members are in unique
	for i := range members {
		first := find(i)
		switch {
		case first >= 0:
			if unique == nil {
				unique = slices.Clone(members[:i])
				places = make([]int, len(members))
				for k := range i {
					places[k] = k
				}
			}
			unique[places[first]].Value = members[i].Value
		case unique != nil:
			places[i] = len(unique)
			unique = append(unique, members[i])
		}
	}
	if unique == nil {
		return members
	}
	return unique
}

// ArrayIndex returns the number that a key spells, if JavaScript takes it for the
// index of an array: up to 2^32-2, in decimal, without leading zeros.
func ArrayIndex[S []byte | string](key S) (n uint64, ok bool) {
	if len(key) == 0 || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return 0, false
	}
	for i := range len(key) {
		c := key[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, n < 1<<32-1
}
