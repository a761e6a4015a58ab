/**
 * The byte protocol between the WebAssembly module and the host that runs it: a
 * web page's JavaScript, Node, or wazero in Go tests.
 *
 * THIS FILE AND wasm/abi/abi.go ARE TWINS: the same names (there EventFrame, here
 * Event.Frame), the same numbers, the same layout. A test compares them; docs/wire/abi.md is normative.
 *
 * It is not a wire format: a module and its bridge are built and shipped
 * together, so numbers may change, and then Version does.
 */

/** Numbers of the protocol itself; in Go they have no prefix. */
export const enum Protocol {
  Version = 2,
  HeaderSize = 12, // bytes before an output's payload, see readOutputs
  MaxPayload = 268_435_456 // bytes of one call, 256 MiB
}

/** What a step tells the module. The comment names step's arg and payload. */
export const enum Event {
  Connect = 1, // -; -
  Disconnect = 2, // -; presence update that removes the local state, or none
  Destroy = 3, // -; as Disconnect. The handle is closed afterwards
  Update = 4, // -; update of a local edit
  Awareness = 5, // -; presence update of a local change
  SetMaxBackoff = 6, // milliseconds; -
  Opened = 7, // conn; -
  Frame = 8, // conn; binary frame from the server
  Closed = 9, // conn; close code u16, and the reason, UTF-8
  Written = 10, // conn; -
  StateVector = 11, // conn of the ask; state vector
  Diff = 12, // conn of the ask; update
  Presence = 13, // conn of the ask; presence update
  Broadcast = 14, // -; frame from another tab
  Time = 15, // -; -
  Relay = 16, // -; update that an Apply with conn 0 brought
  OpenedWeft = 17, // conn; -. As Opened, when the server selected weft.v1
  Token = 18, // conn of the ask; token, UTF-8, or none
  Rejoin = 19 // -; -
}

/** What the host is asked to do, with the fields that each has beside its kind. */
export const enum OutputKind {
  Dial = 1, // conn, value: 1 to offer the subprotocol weft.v1
  Close = 2, // conn, value: close code
  Send = 3, // conn, payload: frame
  Broadcast = 4, // payload: frame
  AskStateVector = 5, // conn
  AskDiff = 6, // conn, payload: state vector
  AskAwareness = 7, // conn
  AskAllAwareness = 8, // conn
  Apply = 9, // conn, payload: update
  ApplyAwareness = 10, // conn, payload: presence update
  ClearAwareness = 11, // -
  Status = 12, // value: a Status
  Synced = 13, // value: 0 or 1
  Refused = 14, // conn, value: close code, payload: for a person, UTF-8
  AskToken = 16, // conn
  Permission = 17, // value: a Permission, payload: why, for a person, UTF-8
  Counts = 18, // value: 1 if all is saved, payload: edits not received u32, not saved u32
  Rejected = 19, // value: a Reason, payload: ms until it is sent again u32, length of a text u32, the text, the update
  AuthFailed = 20, // conn, value: a Denial, payload: for a person, UTF-8
  Diverged = 21, // conn
  Epoch = 22, // payload: id of the document's history
  Progress = 23, // payload: bytes that have come u32, of u32
  Problem = 64 // payload: for the console, UTF-8
}

/** The values of OutputKind.Status. */
export const enum Status {
  Disconnected = 0,
  Connecting = 1,
  Connected = 2
}

/** The values of OutputKind.Permission. */
export const enum Permission {
  Read = 1,
  Write = 2
}

/** The values of OutputKind.Rejected; others count as Invalid. */
export const enum Reason {
  ReadOnly = 1,
  TooLarge = 2,
  RateLimited = 3,
  Invalid = 4,
  Quota = 5
}

/** The values of OutputKind.AuthFailed; others count as Invalid. */
export const enum Denial {
  Missing = 1,
  Invalid = 2,
  Expired = 3,
  Revoked = 4,
  Forbidden = 5
}

/** What compute computes; a page does not use it. */
export const enum Op {
  Merge = 1,
  Diff = 2,
  StateVector = 3,
  Validate = 4
}

/** In open's flags. */
export const enum Flag {
  Broadcast = 1, // there is a channel to other tabs
  Weft = 2, // offer weft.v1. The n bytes: length of the document's name u8, the name, the epoch or none
  Token = 4 // the host has tokens, and is asked for them
}

/** One output of a step. The payload is a copy: the module may be called again. */
export interface Output {
  kind: number
  value: number
  conn: number
  payload: Uint8Array<ArrayBuffer>
}

/**
 * Reads the outputs in the n bytes at `at`, which follow each other without
 * padding. Little-endian; the module wrote them, so they are whole:
 *
 *      0      2       4      8                    12
 *     +------+-------+------+--------------------+---------…
 *     | kind | value | conn | length of payload  | payload
 *     | u16  | u16   | u32  | u32                |
 *     +------+-------+------+--------------------+---------…
 */
export const readOutputs = (view: DataView<ArrayBuffer>, at: number, n: number): Output[] => {
  const outputs: Output[] = []
  for (const end = at + n; at < end;) {
    const from = at + Protocol.HeaderSize
    const to = from + view.getUint32(at + 8, true)
    outputs.push({
      kind: view.getUint16(at, true),
      value: view.getUint16(at + 2, true),
      conn: view.getUint32(at + 4, true),
      payload: new Uint8Array(view.buffer.slice(from, to))
    })
    at = to
  }
  return outputs
}
