package codec

// The ELVA framings: what ELVA calls YMessage and ElvaMessage. An ELVA
// connection carries many documents, and a frame is an ID message and one more:
//
//	49 44 <len> <document>   <magic> <len> <payload>
//
// The sync and awareness messages are those of the y framing, byte for byte. The
// numbers are frozen by the programs that speak them:
// ELVA@17f4687/src/elva/protocol.py since 2025-05-21, v0.33 before.
//
//	             ELVA    ELVA33
//	SyncStep1    00 00   00 00
//	SyncStep2    00 01   00 01
//	SyncUpdate   00 02   00 02
//	SyncCross    00 03   00 03
//	Awareness    01      01
//	ID           49 44   02 00    "ID"
//	Read         52 4f   02 01    "RO"
//	ReadWrite    52 57   02 02    "RW"
//	DataRequest  44 01   03 00
//	DataOffer    44 02   03 01
//	DataOrder    44 03   03 02
//	DataTransfer 44 04   03 03
var (
	// ELVA is the framing of today's ELVA, which weft writes.
	ELVA = &Framing{name: "ELVA", magics: []string{
		SyncStep1:    "\x00\x00",
		SyncStep2:    "\x00\x01",
		SyncUpdate:   "\x00\x02",
		SyncCross:    "\x00\x03",
		Awareness:    "\x01",
		ID:           "ID",
		Read:         "RO",
		ReadWrite:    "RW",
		DataRequest:  "D\x01",
		DataOffer:    "D\x02",
		DataOrder:    "D\x03",
		DataTransfer: "D\x04",
	}}

	// ELVA33 is the framing of ELVA up to v0.33. An end that is written to in it
	// answers in it; nothing is begun in it.
	ELVA33 = &Framing{name: "ELVA v0.33", magics: []string{
		SyncStep1:    "\x00\x00",
		SyncStep2:    "\x00\x01",
		SyncUpdate:   "\x00\x02",
		SyncCross:    "\x00\x03",
		Awareness:    "\x01",
		ID:           "\x02\x00",
		Read:         "\x02\x01",
		ReadWrite:    "\x02\x02",
		DataRequest:  "\x03\x00",
		DataOffer:    "\x03\x01",
		DataOrder:    "\x03\x02",
		DataTransfer: "\x03\x03",
	}}
)

// DetectELVA returns the framing whose ID message the frame begins with, or nil
// if it begins with none: [ELVA] and [ELVA33] cannot be taken for each other. One
// frame says it for a whole connection. The bytes 02 00 are also the y framing's
// Auth, which no client sends.
func DetectELVA(frame []byte) *Framing {
	for _, f := range []*Framing{ELVA, ELVA33} {
		if k, _ := f.infer(frame); k == ID {
			return f
		}
	}
	return nil
}
