package badgerstore_test

import (
	"context"
	"fmt"
	"os"

	"github.com/weft-sync/weft/native/badgerstore"
)

func Example() {
	dir, _ := os.MkdirTemp("", "weft-data")
	defer os.RemoveAll(dir)

	st, err := badgerstore.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := st.Open(context.Background(), "meeting-notes")
	if err != nil {
		fmt.Println(err)
		return
	}
	doc.Append([]byte{0, 0}, func(err error) { fmt.Println("saved:", err == nil) })
	_ = doc.Close() // waits

	docs, _ := st.List(context.Background(), "", 10)
	fmt.Println(len(docs), docs[0].Name)
	_ = st.Close()
	// Output:
	// saved: true
	// 1 meeting-notes
}
