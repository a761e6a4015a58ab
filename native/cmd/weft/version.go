package main

import (
	"iter"

	"github.com/weft-sync/weft/core/update"
)

// version chooses the format in which updates come, and results are made.
type version struct {
	V2 bool `name:"v2" help:"The updates, and the results, are in format version 2."`
}

func (v version) validate(u []byte) error {
	if v.V2 {
		return update.ValidateV2(u)
	}
	return update.Validate(u)
}

func (v version) merge(us [][]byte) ([]byte, error) {
	if v.V2 {
		return update.MergeV2(us...)
	}
	return update.Merge(us...)
}

func (v version) diff(u, sv []byte) ([]byte, error) {
	if v.V2 {
		return update.DiffV2(u, sv)
	}
	return update.Diff(u, sv)
}

func (v version) stateVector(u []byte) ([]byte, error) {
	if v.V2 {
		return update.StateVectorOfV2(u)
	}
	return update.StateVectorOf(u)
}

func (v version) inspect(u []byte) (iter.Seq[update.Struct], iter.Seq[update.DeleteRange], error) {
	if v.V2 {
		return update.InspectV2(u)
	}
	return update.Inspect(u)
}
