package vectors

import "testing"

// ImplementationV2 is an Implementation that can also do what Yjs does with
// updates of version 2, and with snapshots.
type ImplementationV2 interface {
	Implementation
	ConvertV1ToV2(u []byte) ([]byte, error)
	ConvertV2ToV1(u []byte) ([]byte, error)
	MergeV2(updates [][]byte) ([]byte, error)
	DiffV2(u, sv []byte) ([]byte, error)
	StateVectorV2(u []byte) ([]byte, error)
	ValidateV2(u []byte) error
	// Snapshots reads a snapshot in one version and returns it in both.
	Snapshots(b []byte, v2 bool) (asV1, asV2 []byte, err error)
}

// CaseV2 is what Yjs made of updates of version 2.
type CaseV2 struct {
	ToV2      [][2]int `json:"convertsToV2"` // update, Y.convertUpdateFormatV1ToV2
	ToV1      [][2]int `json:"convertsToV1"` // update, Y.convertUpdateFormatV2ToV1
	Merges    []Merge  `json:"mergesV2"`
	Diffs     [][3]int `json:"diffsV2"`   // update, state vector, Y.diffUpdateV2
	Vectors   [][2]int `json:"vectorsV2"` // update, Y.encodeStateVectorFromUpdateV2
	Invalid   []int    `json:"invalidV2"` // updates that Yjs throws on
	NotJSON   []int    `json:"notJSON"`   // updates that Yjs cannot convert to version 1
	Snapshots [][2]int `json:"snapshots"` // Y.encodeSnapshot, Y.encodeSnapshotV2
}

func runCaseV2(t *testing.T, impl ImplementationV2, c *Case) {
	check := func(what string, i int, got []byte, err error, out int, of ...int) {
		t.Helper()
		compare(t, what, i, got, err, c.Blobs[out])
		if t.Failed() {
			for _, b := range of {
				t.Logf("of   %x", c.Blobs[b])
			}
			t.FailNow()
		}
	}
	for i, v := range c.V2.ToV2 {
		got, err := impl.ConvertV1ToV2(c.Blobs[v[0]])
		check("conversion to version 2", i, got, err, v[1], v[0])
	}
	for i, v := range c.V2.ToV1 {
		got, err := impl.ConvertV2ToV1(c.Blobs[v[0]])
		check("conversion to version 1", i, got, err, v[1], v[0])
		if err := impl.ValidateV2(c.Blobs[v[0]]); err != nil {
			t.Fatalf("validate %x: %v", c.Blobs[v[0]], err)
		}
	}
	for i, m := range c.V2.Merges {
		of := make([][]byte, len(m.Of))
		for k, u := range m.Of {
			of[k] = c.Blobs[u]
		}
		got, err := impl.MergeV2(of)
		check("merge in version 2", i, got, err, m.Out, m.Of...)
	}
	for i, d := range c.V2.Diffs {
		got, err := impl.DiffV2(c.Blobs[d[0]], c.Blobs[d[1]])
		check("diff in version 2", i, got, err, d[2], d[0], d[1])
	}
	for i, v := range c.V2.Vectors {
		got, err := impl.StateVectorV2(c.Blobs[v[0]])
		check("state vector in version 2", i, got, err, v[1], v[0])
	}
	for _, u := range c.V2.Invalid {
		if impl.ValidateV2(c.Blobs[u]) == nil {
			t.Errorf("%x was taken, and Yjs throws on it", c.Blobs[u])
		}
	}
	for _, u := range c.V2.NotJSON {
		if err := impl.ValidateV2(c.Blobs[u]); err != nil {
			t.Errorf("%x: %v", c.Blobs[u], err)
		}
		if got, err := impl.ConvertV2ToV1(c.Blobs[u]); err == nil {
			t.Errorf("%x became %x, and Yjs throws on it", c.Blobs[u], got)
		}
	}
	for i, s := range c.V2.Snapshots {
		for from := range 2 {
			v1, v2, err := impl.Snapshots(c.Blobs[s[from]], from == 1)
			check("snapshot", i, v1, err, s[0], s[from])
			check("snapshot in version 2", i, v2, err, s[1], s[from])
		}
	}
}
