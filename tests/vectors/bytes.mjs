// Updates written by hand, struct by struct, for what the API of Yjs 13.6 does
// not write by itself.

import * as encoding from 'lib0/encoding'

export const BIT6 = 0x20
export const BIT7 = 0x40
export const BIT8 = 0x80

/** Runs f with an encoder and returns what was written. */
export const encode = f => {
  const e = encoding.createEncoder()
  f(e)
  return encoding.toUint8Array(e)
}

// Structs are functions that write themselves.

export const gc = (len, info = 0) => e => {
  encoding.writeUint8(e, info)
  encoding.writeVarUint(e, len)
}

export const skip = len => e => {
  encoding.writeUint8(e, 10)
  encoding.writeVarUint(e, len)
}

const writeId = (e, [client, clock]) => {
  encoding.writeVarUint(e, client)
  encoding.writeVarUint(e, clock)
}

/**
 * @param {{ origin?: [number, number], right?: [number, number], parent?: string | [number, number], sub?: string, keyBit?: boolean }} place
 * @param {[number, (e: encoding.Encoder) => void]} content
 */
export const item = (place, [ref, content]) => e => {
  const { origin, right, parent = 'root', sub, keyBit } = place
  encoding.writeUint8(e, ref | (origin ? BIT8 : 0) | (right ? BIT7 : 0) | (sub !== undefined || keyBit ? BIT6 : 0))
  if (origin) writeId(e, origin)
  if (right) writeId(e, right)
  if (!origin && !right) {
    if (typeof parent === 'string') {
      encoding.writeVarUint(e, 1)
      encoding.writeVarString(e, parent)
    } else {
      encoding.writeVarUint(e, 0)
      writeId(e, parent)
    }
    if (sub !== undefined) encoding.writeVarString(e, sub)
  }
  content(e)
}

export const deleted = len => [1, e => encoding.writeVarUint(e, len)]
export const json = values => [2, e => {
  encoding.writeVarUint(e, values.length)
  values.forEach(v => encoding.writeVarString(e, v === undefined ? 'undefined' : JSON.stringify(v)))
}]
export const binary = bytes => [3, e => encoding.writeVarUint8Array(e, Uint8Array.from(bytes))]
export const string = s => [4, e => encoding.writeVarString(e, s)]
export const embed = v => [5, e => encoding.writeVarString(e, JSON.stringify(v))]
export const format = (key, v) => [6, e => {
  encoding.writeVarString(e, key)
  encoding.writeVarString(e, JSON.stringify(v))
}]
export const type = (ref, name) => [7, e => {
  encoding.writeVarUint(e, ref)
  if (name !== undefined) encoding.writeVarString(e, name)
}]
export const any = values => [8, e => {
  encoding.writeVarUint(e, values.length)
  values.forEach(v => encoding.writeAny(e, v))
}]
export const doc = (guid, options = {}) => [9, e => {
  encoding.writeVarString(e, guid)
  encoding.writeAny(e, options)
}]
/** Content of a kind, from bytes. */
export const raw = (ref, bytes) => [ref, e => encoding.writeUint8Array(e, Uint8Array.from(bytes))]

/**
 * @param {Array<[number, number, Array<(e: encoding.Encoder) => void>]>} sections client, clock, structs
 * @param {Array<[number, Array<[number, number]>]>} deletes client, ranges of clock and length
 */
export const update = (sections, deletes = []) => encode(e => {
  encoding.writeVarUint(e, sections.length)
  for (const [client, clock, structs] of sections) {
    encoding.writeVarUint(e, structs.length)
    encoding.writeVarUint(e, client)
    encoding.writeVarUint(e, clock)
    structs.forEach(write => write(e))
  }
  encoding.writeVarUint(e, deletes.length)
  for (const [client, ranges] of deletes) {
    encoding.writeVarUint(e, client)
    encoding.writeVarUint(e, ranges.length)
    for (const [clock, len] of ranges) {
      encoding.writeVarUint(e, clock)
      encoding.writeVarUint(e, len)
    }
  }
})

/** @param {Array<[number, number]>} entries client and clock */
export const stateVector = entries => encode(e => {
  encoding.writeVarUint(e, entries.length)
  entries.forEach(id => writeId(e, id))
})
