// Writes a file of the updates that npm yjs emits while somebody types, each
// preceded by its length as a varint:
//
//   node make-updates.mjs typing COUNT SEED OUT
//   node make-updates.mjs trace COUNT FILE.json.gz OUT
//
// typing: four clients type one character at a time, mostly where they last
// were, now and then elsewhere or deleting, and see each other's characters a
// little later. trace: the first COUNT edits of a recorded session, one client.
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

const [kind, countText, source, out] = process.argv.slice(2)
const count = Number(countText)

/** A small seeded generator (mulberry32): the same updates every time. */
const seeded = seed => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const updates = []

const typing = seed => {
  const random = seeded(seed)
  const below = n => Math.floor(random() * n)
  const people = Array.from({ length: 4 }, () => {
    const doc = new Y.Doc()
    doc.clientID = 1 + below(0xffffffff)
    const person = { doc, text: doc.getText('text'), cursor: 0, inbox: [] }
    doc.on('update', (update, origin) => {
      if (origin !== 'remote') {
        updates.push(update)
        for (const other of people) if (other !== person) other.inbox.push(update)
      }
    })
    return person
  })
  while (updates.length < count) {
    const person = people[below(people.length)]
    if (random() < 0.2) {
      person.doc.transact(() => person.inbox.splice(0).forEach(u => Y.applyUpdate(person.doc, u, 'remote')), 'remote')
    }
    const { text } = person
    if (random() < 0.02) person.cursor = below(text.length + 1)
    person.cursor = Math.min(person.cursor, text.length)
    if (person.cursor > 0 && random() < 0.08) {
      text.delete(--person.cursor, 1)
    } else {
      text.insert(person.cursor++, String.fromCharCode(97 + below(26)))
    }
  }
}

const trace = file => {
  const { startContent, txns } = JSON.parse(gunzipSync(readFileSync(file)))
  const doc = new Y.Doc()
  doc.clientID = 0x9e3779b9 // 32 bits, as Yjs draws them
  const text = doc.getText('text')
  text.insert(0, startContent)
  doc.on('update', update => updates.push(update))
  for (const { patches } of txns) {
    if (updates.length >= count) break
    doc.transact(() => {
      for (const [position, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(position, deleted)
        if (inserted !== '') text.insert(position, inserted)
      }
    })
  }
}

if (kind === 'typing') typing(Number(source))
else trace(source)

const encoder = encoding.createEncoder()
for (const update of updates.slice(0, count)) encoding.writeVarUint8Array(encoder, update)
writeFileSync(out, encoding.toUint8Array(encoder))
