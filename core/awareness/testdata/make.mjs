// Makes y-protocols.json.gz: random operations on the Awareness of the pinned
// npm y-protocols, with the update that it encodes after each. Run from the
// root of the repository: node core/awareness/testdata/make.mjs [output]
import * as awareness from 'y-protocols/awareness'
import { createEncoder, writeVarUint, writeVarString, toUint8Array } from 'lib0/encoding'
import * as Y from 'yjs'
import { gzipSync } from 'node:zlib'
import { writeFileSync } from 'node:fs'

// mulberry32
let seed = 20240601
const random = () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const int = n => Math.floor(random() * n)
const pick = list => list[int(list.length)]
const base64 = bytes => Buffer.from(bytes).toString('base64')

const clients = [1, 2, 3, 127, 128, 300, 4294967295, Number.MAX_SAFE_INTEGER]
const states = [null, null, {}, { name: 'a' }, { name: 'é😀', cursor: [1, 2] }, { n: 1.5e300 }, [1], 'text', true]

const update = () => {
  const encoder = createEncoder()
  const n = int(4)
  writeVarUint(encoder, n)
  for (let i = 0; i < n; i++) {
    writeVarUint(encoder, pick(clients))
    writeVarUint(encoder, int(12))
    writeVarString(encoder, JSON.stringify(pick(states)))
  }
  return toUint8Array(encoder)
}

const run = () => {
  const doc = new Y.Doc()
  doc.clientID = pick(clients)
  const a = new awareness.Awareness(doc)
  // Its own first clock is 0, which no peer accepts; weft begins with 1.
  a.meta.set(doc.clientID, { clock: 1, lastUpdated: 0 })
  const steps = []
  for (let i = 0; i < 40; i++) {
    const step = {}
    const what = random()
    if (what < 0.8) {
      const u = update()
      step.apply = base64(u)
      awareness.applyAwarenessUpdate(a, u, 'peer')
    } else if (what < 0.9) {
      const state = pick(states)
      step.local = state === null ? '' : JSON.stringify(state)
      a.setLocalState(state)
    } else {
      step.remove = [pick(clients), pick(clients)]
      awareness.removeAwarenessStates(a, step.remove, 'test')
    }
    // Clients that were never present are of no interest to anyone.
    const known = [...a.meta.keys()].sort((x, y) => x - y)
    step.known = base64(awareness.encodeAwarenessUpdate(a, known))
    step.present = base64(awareness.encodeAwarenessUpdate(a, known.filter(c => a.states.has(c))))
    steps.push(step)
  }
  a.destroy()
  doc.destroy()
  return { local: doc.clientID, steps }
}

const runs = []
for (let i = 0; i < 60; i++) runs.push(run())
const output = process.argv[2] ?? new URL('y-protocols.json.gz', import.meta.url)
writeFileSync(output, gzipSync(JSON.stringify(runs), { level: 9 }))
