// npm yjs's mergeUpdates over the updates in a file, once for every line read:
// each answer is a line of JSON with the nanoseconds it took, and the size and
// SHA-256 of the merged update.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'

const decoder = decoding.createDecoder(new Uint8Array(readFileSync(process.argv[2])))
const updates = []
while (decoding.hasContent(decoder)) updates.push(decoding.readVarUint8Array(decoder))

for await (const _ of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint()
  const merged = Y.mergeUpdates(updates)
  const ns = Number(process.hrtime.bigint() - start)
  console.log(JSON.stringify({ ns, bytes: merged.length, sha256: createHash('sha256').update(merged).digest('hex') }))
}
