package update_test

import (
	"fmt"

	"github.com/weft-sync/weft/core/update"
)

// Two clients typed into a text that they call "text": one "hi", the other "yo".
var (
	hi = []byte("\x01\x01\x05\x00\x04\x01\x04text\x02hi\x00")
	yo = []byte("\x01\x01\x09\x00\x04\x01\x04text\x02yo\x00")
)

func ExampleMerge() {
	both, err := update.Merge(hi, yo)
	if err != nil {
		fmt.Println(err)
		return
	}
	sv, _ := update.StateVectorOf(both)
	missing, _ := update.Diff(both, update.StateVector{5: 1, 9: 2}.Append(nil))
	fmt.Printf("state vector % x\nmissing % x\n", sv, missing)
	// Output:
	// state vector 02 09 02 05 02
	// missing 01 01 05 01 84 05 00 01 69 00
}

func ExampleDoc() {
	doc := update.NewDoc()
	for _, u := range [][]byte{hi, yo, hi} {
		fresh, err := doc.Apply(u)
		fmt.Println(fresh, err)
	}
	fmt.Printf("% x\n", doc.StateVector())
	// Output:
	// true <nil>
	// true <nil>
	// false <nil>
	// 02 09 02 05 02
}

func ExampleInspect() {
	structs, _, err := update.Inspect(hi)
	if err != nil {
		fmt.Println(err)
		return
	}
	for s := range structs {
		fmt.Printf("%d/%d +%d %v in %q: %s\n", s.Client, s.Clock, s.Len, s.Kind, s.Place.ParentName, s.AppendPreview(nil, 60))
	}
	// Output:
	// 5/0 +2 String in "text": "hi"
}
