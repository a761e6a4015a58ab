package crdt

import (
	"errors"

	"github.com/weft-sync/weft/core/update"
)

// Doc is a shared document.
//
// A Doc, with all that belongs to it, is for one goroutine at a time, readers too.
type Doc struct {
	clientID     uint64
	guid         string
	gc           bool
	gcFilter     func(update.ID, uint64) bool
	pendingLimit int
	loadFrom     int // bytes of an update that is loaded in one pass

	// Blocks and what they hold.
	blocks     []block
	freeBlock  handle // the first of those given back, chained by right
	long       map[handle]uint64
	high       map[handle][2]uint32
	redone     map[handle]id
	copies     map[handle]uint32 // formats whose value, an object, is the very same: a number for each
	copyGroups uint32
	arena      []byte
	dead       int // bytes of the arena that nobody refers to

	// Clients.
	clients      []client
	clientPlaces map[uint64]uint32
	descending   []uint32 // places of clients, the highest id first
	lastClient   uint32   // the place found last

	// Types and lists. The first list is no list.
	types     []typ
	freeTypes []uint32
	formats   bool // there are, or were, formats in some text
	lists     []list
	freeLists []uint32
	roots     map[string]uint32
	rootOrder []uint32
	keys      []string
	keyPlaces map[string]uint32

	subdocs     []subdoc
	freeSubdocs []uint32
	subdocCount uint64   // how many became subdocuments
	sub         asSubdoc // what the document is itself

	// Positions.
	nodes    []node
	freeNode uint32
	leafOf   []uint32 // by block: the leaf it is in

	pending pending

	// Transactions.
	tx       *Txn   // the running one
	cleanups []*Txn // those that are not cleaned up yet, the one being cleaned up first
	cleaning bool
	spare    *Txn
	txCount  uint32
	units    uint64 // how many structs were integrated
	emptied  bool   // the transaction being cleaned up has made what was in a type GC

	handlers handlers
	undoers  int    // undo managers
	time     int64  // see SetTime
	ranks    uint32 // clients that have units

	// Memory that is used again.
	sections []update.Section
	queue    []queued
	in       incoming
	work     []handle
	vector   []touched
	ranges   []idRange
	scratch  []byte
	attrs    attrs
	now      attrs
	want     attrs
	joined   []byte // values of a struct of format v2
	v2       *writerV2
	stamps   []uint32
	stamp    uint32
}

// Option is an option of NewDoc.
type Option func(*Doc)

// WithClientID sets the client id, from 1 to 2^53-1. Two documents that are edited
// at the same time must never have the same: take a random one of 32 bits, as the
// default is, so that it takes five bytes.
func WithClientID(id uint64) Option { return func(d *Doc) { d.clientID = id } }

// WithGUID sets the name by which a document is known among subdocuments.
func WithGUID(guid string) Option { return func(d *Doc) { d.guid = guid } }

// WithoutGC keeps what was deleted, so that snapshots of it can be shown.
func WithoutGC() Option { return func(d *Doc) { d.gc = false } }

// WithGCFilter sets a function that says of each deleted item, named by the id of
// its first unit and its length, whether its content may be collected. It must not
// use the document.
func WithGCFilter(may func(first update.ID, length uint64) bool) Option {
	return func(d *Doc) { d.gcFilter = may }
}

// WithPendingLimit sets how many bytes may wait for updates that have not come. The
// default is 64 MiB.
func WithPendingLimit(bytes int) Option { return func(d *Doc) { d.pendingLimit = bytes } }

// NewDoc returns an empty document.
func NewDoc(options ...Option) *Doc {
	d := &Doc{gc: true, pendingLimit: defaultPending, sub: asSubdoc{load: true}}
	d.lists = append(d.lists, list{})
	d.keys = append(d.keys, "") // noKey
	for _, o := range options {
		o(d)
	}
	if d.clientID == 0 {
		d.clientID = randomClient()
	}
	return d
}

// ClientID returns the id under which the document makes units. It changes when an
// update brings units of the same client from elsewhere.
func (d *Doc) ClientID() uint64 { return d.clientID }

// Size returns about how many bytes the document holds.
func (d *Doc) Size() int {
	const blockSize = 56 + 8 // with its entry among the client's
	return len(d.arena) + len(d.blocks)*blockSize + len(d.pending.structs)
}

// Errors of calls that ask for what cannot be. They are the caller's fault, and the
// document is as before.
var (
	// ErrRange is returned when a position or length is not in the type.
	ErrRange = errors.New("crdt: out of range")
	// ErrDeleted is returned when a shared type is not in the document any more.
	ErrDeleted = errors.New("crdt: the type was deleted")
	// ErrTxn is returned when a transaction is over, or of another document.
	ErrTxn = errors.New("crdt: not a running transaction of this document")
	// ErrUTF8 is returned when text is not valid UTF-8.
	ErrUTF8 = errors.New("crdt: text is not valid UTF-8")
	// ErrValue is returned when a value is none of the kinds that a document holds.
	ErrValue = errors.New("crdt: not a value that a document can hold")
	// ErrTooLarge is returned when a document would be larger than update.MaxSize.
	ErrTooLarge = errors.New("crdt: the document would be too large")
	// ErrClient is returned when a document that was not given a client id has no
	// source of randomness to make one from.
	ErrClient = errors.New("crdt: the document has no client id")
)
