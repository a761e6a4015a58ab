package vectors

import (
	"testing"

	"github.com/weft-sync/weft/core/update"
)

// core is the package in the runtime of the test: native, or js/wasm in Node.
type core struct{}

func (core) Merge(updates [][]byte) ([]byte, error) { return update.Merge(updates...) }
func (core) Diff(u, sv []byte) ([]byte, error)      { return update.Diff(u, sv) }
func (core) StateVector(u []byte) ([]byte, error)   { return update.StateVectorOf(u) }
func (core) Validate(u []byte) error                { return update.Validate(u) }

func (core) ConvertV1ToV2(u []byte) ([]byte, error)   { return update.ConvertV1ToV2(u) }
func (core) ConvertV2ToV1(u []byte) ([]byte, error)   { return update.ConvertV2ToV1(u) }
func (core) MergeV2(updates [][]byte) ([]byte, error) { return update.MergeV2(updates...) }
func (core) DiffV2(u, sv []byte) ([]byte, error)      { return update.DiffV2(u, sv) }
func (core) StateVectorV2(u []byte) ([]byte, error)   { return update.StateVectorOfV2(u) }
func (core) ValidateV2(u []byte) error                { return update.ValidateV2(u) }

func (core) Snapshots(b []byte, v2 bool) (asV1, asV2 []byte, err error) {
	decode := update.DecodeSnapshot
	if v2 {
		decode = update.DecodeSnapshotV2
	}
	s, err := decode(b)
	if err != nil {
		return nil, nil, err
	}
	return s.Append(nil), s.AppendV2(nil), nil
}

var _ ImplementationV2 = core{}

func TestCore(t *testing.T) { Run(t, core{}) }
