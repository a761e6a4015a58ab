package server

import (
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/store"
)

// eventKind says what happened; the comments name the fields of event in use.
type eventKind uint8

const (
	joined    eventKind = 1 + iota // member
	received                       // member, frame
	written                        // member, err: Flush returned
	ponged                         // member, err: Ping returned
	gone                           // member, err: its reader ended, or it left
	called                         // call
	permitted                      // member, access
	saved                          // saver, term, err: the store's answer to an append, if that is awaited
	compacted                      // saver, err
	reopened                       // saver, doc, stored, err
	stop                           // store everything, then close
	abandon                        // close at once
)

// event is what a room's inbox holds.
type event struct {
	kind   eventKind
	term   uint32 // which of the saver's store handles it is about
	saver  *saver
	member *member
	frame  []byte
	call   *call
	doc    store.Doc
	stored bool // doc has something
	access room.Access
	err    error
}
