// A million messages through one instance of the module, and what its memory
// was on the way: a line of JSON with the bytes after the first tenth and at the
// end, and the nanoseconds of a step.
//
// The host's side of docs/wire/abi.md is written out here, without the bridge, so
// that only the module is measured.
import { readFile } from 'node:fs/promises'
import * as encoding from 'lib0/encoding'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'

const messages = Number(process.argv[2])
const event = { connect: 1, update: 4, awareness: 5, opened: 7, frame: 8, written: 10, stateVector: 11 }

const module = await WebAssembly.compile(await readFile(new URL('../../../jsbridge/dist/provider.wasm', import.meta.url)))
const imports = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]))
imports.clock_time_get = (_id, _precision, at) => {
  new DataView(x.memory.buffer).setBigUint64(at, process.hrtime.bigint(), true)
  return 0
}
const { exports: x } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports })
x._initialize()
const handle = x.open(1, 0, 0, 0, 0)
const step = (kind, arg = 0, payload = new Uint8Array(0)) => {
  const at = x.inbuf(payload.length)
  new Uint8Array(x.memory.buffer, at, payload.length).set(payload)
  const n = x.step(handle, kind, arg, performance.now(), payload.length)
  if (n < 0) throw new Error(new TextDecoder().decode(new Uint8Array(x.memory.buffer, x.outbuf(), -n)))
  return n
}
const frame = (kinds, payload) => encoding.encode(e => {
  for (const kind of kinds) encoding.writeVarUint(e, kind)
  encoding.writeVarUint8Array(e, payload)
})

// Typing and cursors from the server, and the same from the page: what the page
// writes is held while a write is in progress, and merged.
const doc = new Y.Doc()
const updates = []
doc.on('update', update => updates.push(update))
for (let i = 0; i < 1000; i++) doc.getText('text').insert(i >> 1, 'word '.repeat(1 + i % 4))
const awareness = new Awareness(doc)
awareness.setLocalState({ user: { name: 'Somebody', color: '#30bced' }, cursor: { anchor: 12, head: 12 } })
const presence = encodeAwarenessUpdate(awareness, [doc.clientID])
const [remote, cursor] = [updates.map(update => frame([0, 2], update)), frame([1], presence)]
doc.destroy()

step(event.connect)
step(event.opened, 1)
step(event.stateVector, 1, Uint8Array.of(0))
step(event.frame, 1, frame([0, 1], Y.encodeStateAsUpdate(doc)))
const run = count => {
  for (let i = 0; i < count; i += 4) {
    const n = (i / 4) % 1000
    // The page's own clientID is in the cursor: its state is ours, and passes.
    if (step(event.frame, 1, remote[n]) === 0) throw new Error('an update was not passed on')
    step(event.frame, 1, cursor)
    step(event.update, 0, updates[n])
    step(event.awareness, 0, presence)
    step(event.written, 1)
  }
}
run(messages / 10)
const before = x.memory.buffer.byteLength
const start = process.hrtime.bigint()
run(messages)
const ns = Number(process.hrtime.bigint() - start) / (messages * 5 / 4)
console.log(JSON.stringify({ before, after: x.memory.buffer.byteLength, ns }))
