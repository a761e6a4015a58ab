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

func TestCore(t *testing.T) { Run(t, core{}) }
