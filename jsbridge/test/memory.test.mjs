// A million messages through one instance: its memory stays where it was, and a
// step costs at most two microseconds. The same is run under wazero in wasm/.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import * as encoding from 'lib0/encoding'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { here } from './kit.mjs'

// A second implementation of the host's side of docs/wire/abi.md, so that only
// the module is measured.
const event = { connect: 1, update: 4, awareness: 5, opened: 7, frame: 8, written: 10, stateVector: 11 }
const output = { dial: 1, send: 3, askStateVector: 5, apply: 9, applyAwareness: 10, synced: 13 }

const start = async () => {
  const module = await WebAssembly.compile(await readFile(here('../dist/provider.wasm')))
  const none = () => 0
  const imports = Object.fromEntries(WebAssembly.Module.imports(module).map(i => {
    assert.equal(i.module, 'wasi_snapshot_preview1', `the module imports ${i.module}.${i.name}`)
    return [i.name, none]
  }))
  imports.clock_time_get = (_id, _precision, at) => {
    new DataView(x.memory.buffer).setBigUint64(at, process.hrtime.bigint(), true)
    return 0
  }
  const { exports: x } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports })
  x._initialize()
  const handle = x.open(1, 0, 0, 0, 0)
  let memory = new Uint8Array(0)
  const empty = new Uint8Array(0)
  /** Steps and returns the kinds of the outputs. */
  const step = (kind, arg = 0, payload = empty, now = 1000) => {
    const at = x.inbuf(payload.length)
    if (memory.buffer !== x.memory.buffer) memory = new Uint8Array(x.memory.buffer)
    memory.set(payload, at)
    const n = x.step(handle, kind, arg, now, payload.length)
    assert(n >= 0)
    if (n === 0) return []
    if (memory.buffer !== x.memory.buffer) memory = new Uint8Array(x.memory.buffer)
    const view = new DataView(memory.buffer, x.outbuf(), n)
    const kinds = []
    for (let i = 0; i < n; i += 12 + view.getUint32(i + 8, true)) kinds.push(view.getUint16(i, true))
    return kinds
  }
  return { step, size: () => x.memory.buffer.byteLength }
}

const frame = (kinds, payload) => encoding.encode(e => {
  for (const k of kinds) encoding.writeVarUint(e, k)
  encoding.writeVarUint8Array(e, payload)
})

test('a million messages', async t => {
  const began = performance.now()
  const { step, size } = await start()
  assert(step(event.connect).includes(output.dial))
  t.diagnostic(`from file to the first call: ${(performance.now() - began).toFixed(0)} ms`)
  assert(step(event.opened, 1).includes(output.askStateVector))
  assert.deepEqual(step(event.stateVector, 1, new Uint8Array(1)), [output.send])

  // Typing, as yjs encodes it, from both sides, and cursors.
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', u => updates.push(u))
  for (let i = 0; i < 1000; i++) doc.getText('t').insert(Math.floor(i / 2), 'word '.repeat(1 + i % 4))
  const awareness = new Awareness(doc)
  awareness.setLocalState({ user: { name: 'somebody', color: '#30bced' }, cursor: { anchor: 12, head: 12 } })
  const presence = encodeAwarenessUpdate(awareness, [doc.clientID])
  doc.destroy()
  assert(step(event.frame, 1, frame([0, 1], Y.encodeStateAsUpdate(doc))).includes(output.synced))
  const [remote, cursor] = [updates.map(u => frame([0, 2], u)), frame([1], presence)]

  const run = messages => {
    for (let i = 0; i < messages; i += 4) {
      const n = (i / 4) % 1000
      assert.equal(step(event.frame, 1, remote[n])[0], output.apply)
      assert.equal(step(event.frame, 1, cursor)[0], output.applyAwareness)
      // Both are held while a write is in progress, and merged.
      step(event.update, 0, updates[n])
      step(event.awareness, 0, presence)
      step(event.written, 1)
    }
  }
  run(100_000)
  const before = size()
  const from = performance.now()
  run(1_000_000)
  const micros = (performance.now() - from) * 1000 / (1_000_000 * 5 / 4)
  t.diagnostic(`memory ${before / 2 ** 20} MiB after 100,000 messages, ${size() / 2 ** 20} MiB after 1,100,000; ${micros.toFixed(2)} µs a step`)
  assert(size() <= 20 * 2 ** 20)
  // A collection more or less may come in between, growth may not.
  assert(size() - before <= 4 * 2 ** 20, 'memory grows with the number of messages')
  // Ten times the target: a test that runs beside others cannot measure better.
  assert(micros < 20)
})

test('large payloads do not stay', async () => {
  const { step, size } = await start()
  step(event.connect)
  step(event.opened, 1)
  const big = new Y.Doc()
  big.getText('t').insert(0, 'x'.repeat(8 << 20))
  const step2 = frame([0, 1], Y.encodeStateAsUpdate(big))
  for (let i = 0; i < 5; i++) step(event.frame, 1, step2)
  const before = size()
  for (let i = 0; i < 50; i++) step(event.frame, 1, step2)
  assert(size() <= before * 1.5, `${before} bytes, then ${size()}`)
})
