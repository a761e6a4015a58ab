package badgerstore

import (
	"bytes"
	"encoding/binary"
)

// The keys. Numbers are big-endian, so that Badger's byte order is their order.
// The layout is part of the stored format and must not be changed; formatVersion
// counts what may not be read by older programs.
//
//	format     +------+
//	           | "v"  |                                          -> format version
//	           +------+
//	counter    +------+
//	           | "c"  |                                          -> last document number
//	           +------+
//	name       +------+---------------+
//	           | "n"  | name, 1..250  |                          -> document number
//	           +------+---------------+
//	head       +------+------------+------+
//	           | "d"  | document 8 | "h"  |                      -> head (record.go)
//	           +------+------------+------+
//	snapshot   +------+------------+------+--------------+---------+
//	           | "d"  | document 8 | "s"  | generation 8 | chunk 4 |  -> bytes
//	           +------+------------+------+--------------+---------+
//	log        +------+------------+------+--------------+---------+
//	           | "d"  | document 8 | "u"  | sequence 8   | part 4  |  -> updates
//	           +------+------------+------+--------------+---------+
//	removal    +------+------------+
//	           | "x"  | document 8 |                             -> (empty)
//	           +------+------------+
//
// A document gets a number when its first update is stored, and no number is
// given twice. Everything of a document lies together under its number, in the
// order in which it is loaded: head, snapshot, log. Names can be anything,
// because they stand at the end of a key. A removal key marks a document whose
// name and head are gone and whose data is being removed; it goes last.
const (
	prefixFormat  = 'v'
	prefixCounter = 'c'
	prefixName    = 'n'
	prefixData    = 'd'
	prefixRemoval = 'x'

	kindHead     = 'h'
	kindSnapshot = 's'
	kindLog      = 'u'
)

// formatVersion is the value of the format key. Version 1 had no epochs; it is
// read, and becomes version 2 when it is opened.
const formatVersion = 2

// badgerMagic is stored by Badger in its manifest; it refuses to open a
// directory that carries another one, that is, somebody else's database.
const badgerMagic = 0x7765

const (
	dataPrefixLen = 1 + 8             // prefix, document
	headKeyLen    = dataPrefixLen + 1 // ... kind
	itemKeyLen    = headKeyLen + 8 + 4
)

func appendNameKey(b []byte, name string) []byte {
	return append(append(b, prefixName), name...)
}

func appendDataPrefix(b []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, prefixData), number)
}

func appendRemovalKey(b []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, prefixRemoval), number)
}

func appendHeadKey(b []byte, number uint64) []byte {
	return append(appendDataPrefix(b, number), kindHead)
}

// appendItemKey makes the key of a snapshot chunk or of a part of a log record.
func appendItemKey(b []byte, number uint64, kind byte, serial uint64, part uint32) []byte {
	b = append(appendDataPrefix(b, number), kind)
	b = binary.BigEndian.AppendUint64(b, serial)
	return binary.BigEndian.AppendUint32(b, part)
}

// itemKey takes a key below a document's data prefix apart. The head's serial
// and part are 0. ok is false for a key that this version does not write.
func itemKey(key []byte) (kind byte, serial uint64, part uint32, ok bool) {
	switch {
	case len(key) == headKeyLen && key[dataPrefixLen] == kindHead:
		return kindHead, 0, 0, true
	case len(key) == itemKeyLen && (key[dataPrefixLen] == kindSnapshot || key[dataPrefixLen] == kindLog):
		return key[dataPrefixLen], binary.BigEndian.Uint64(key[headKeyLen:]), binary.BigEndian.Uint32(key[headKeyLen+8:]), true
	}
	return 0, 0, 0, false
}

// numberOf returns the document number in a data or removal key.
func numberOf(key []byte) (uint64, bool) {
	if len(key) < dataPrefixLen {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

// afterName returns the first possible name key after that of name.
func afterName(name string) []byte {
	key := appendNameKey(make([]byte, 0, len(name)+2), name)
	if name == "" {
		return key
	}
	return append(key, 0)
}

// lastDataKey is greater than every data key.
func lastDataKey() []byte {
	return append([]byte{prefixData}, bytes.Repeat([]byte{0xff}, itemKeyLen)...)
}
