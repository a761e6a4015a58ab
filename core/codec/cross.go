package codec

import "github.com/weft-sync/weft/core/lib0"

// AppendCross appends the payload of a [SyncCross] to b: an update with what the
// receiver lacks, as in a [SyncStep2], and the sender's state vector, as in a
// [SyncStep1].
//
//	<len> <update>  <len> <state vector>
func AppendCross(b, update, stateVector []byte) []byte {
	return lib0.AppendBytes(lib0.AppendBytes(b, update), stateVector)
}

// DecodeCross reads the payload of a [SyncCross]. The results alias it. An error
// is a [*PeerError] with code [BadMessage] that wraps a *lib0.Error.
func DecodeCross(payload []byte) (update, stateVector []byte, err error) {
	r := lib0.NewReader(payload)
	update, stateVector = r.Bytes("update"), r.Bytes("state vector")
	if err := r.End("cross message"); err != nil {
		return nil, nil, Malformed("malformed message", err)
	}
	return update, stateVector, nil
}
