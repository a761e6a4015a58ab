package wsconn

import "sync"

// block is a buffer that is borrowed while bytes are on their way through, and
// never held while waiting for a peer to send some.
type block [16 << 10]byte

var blocks = sync.Pool{New: func() any { return new(block) }}

func getBlock() *block  { return blocks.Get().(*block) }
func putBlock(b *block) { blocks.Put(b) }
