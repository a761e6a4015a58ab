// The module is loaded, shared, and replaced when it died. The instances are
// caught by wrapping WebAssembly.instantiate, so nothing of this is in the bridge.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import test from 'node:test'
import * as Y from 'yjs'
import { connect, event, freePort, here, same, synced, until, yServer } from './kit.mjs'

const bytes = await readFile(here('../dist/provider.wasm'))

/** The memories of all instances that were started, newest last. */
const started = []
const instantiate = WebAssembly.instantiate
WebAssembly.instantiate = async (...args) => {
  const instance = await instantiate(...args)
  started.push(instance.exports)
  return instance
}

/** Overwrites an instance's memory: its next call traps. */
const kill = exports => new Uint8Array(exports.memory.buffer).fill(0xff)

/** Catches console.error; the result returns the messages so far. */
const errors = t => {
  const { mock } = t.mock.method(console, 'error', () => {})
  return () => mock.calls.map(call => call.arguments[0].message)
}

/** Serves responses one after the other, the last one for ever. */
const serve = async (t, ...responses) => {
  let n = 0
  const server = createServer((request, response) => {
    const [status, headers, body] = responses[Math.min(n++, responses.length - 1)]
    response.writeHead(status, headers).end(body)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${server.address().port}/provider.wasm`, requests: () => n }
}

const wasm = { 'content-type': 'application/wasm' }

test('every form of the wasm option', async t => {
  const server = await yServer(t)
  const typed = await serve(t, [200, wasm, bytes])
  const untyped = await serve(t, [200, {}, bytes])
  for (const [name, option] of [
    ['none', undefined],
    ['file URL', new URL('../dist/provider.wasm', import.meta.url)],
    ['http URL', new URL(typed.url)],
    ['http string, no content type', untyped.url],
    ['Response', await fetch(typed.url + '?2')],
    ['bytes', bytes],
    ['ArrayBuffer', bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)],
    ['compiled', await WebAssembly.compile(bytes)]
  ]) {
    await t.test(name, async t => synced(connect(t, server.url, 'forms', new Y.Doc(), { wasm: option })))
  }
})

test('providers share one instance', async t => {
  const server = await yServer(t)
  const option = await WebAssembly.compile(bytes)
  const before = started.length
  const docs = Array.from({ length: 5 }, () => new Y.Doc())
  await Promise.all(docs.map(doc => synced(connect(t, server.url, 'shared', doc, { wasm: option }))))
  assert.equal(started.length, before + 1)
})

test('nothing is loaded before connect()', async t => {
  const server = await serve(t, [200, wasm, bytes])
  const provider = connect(t, 'ws://localhost:1', 'lazy', new Y.Doc(), { wasm: server.url, connect: false })
  provider.doc.getMap('m').set('a', 1)
  provider.disconnect()
  provider.destroy()
  assert.equal(server.requests(), 0)
})

/** Two synced documents on an instance of their own, whose exports are the last in started. */
const pair = async (t, url, room) => {
  const wasm = await WebAssembly.compile(bytes)
  const providers = [new Y.Doc(), new Y.Doc()].map(doc => connect(t, url, room, doc, { wasm }))
  await Promise.all(providers.map(synced))
  return providers
}

test('a module that traps is replaced, and nothing is lost', async t => {
  const server = await yServer(t)
  const logged = errors(t)
  const bystander = connect(t, server.url, 'trap', new Y.Doc())
  await synced(bystander)
  const [pa, pb] = await pair(t, server.url, 'trap')
  const [a, b] = [pa.doc, pb.doc]
  pb.awareness.setLocalState({ name: 'B' })
  await until(() => pa.awareness.getStates().has(b.clientID), [pa.awareness, 'update'])
  const trace = []
  for (const name of ['status', 'synced', 'sync', 'connection-close', 'connection-error']) {
    pb.on(name, x => trace.push(`${name} ${x?.status ?? (x?.error && 'error') ?? x}`))
  }
  kill(started.at(-1))
  a.getText('t').insert(0, 'typed into a dead module ') // one provider notices, both are cut off
  assert.deepEqual([pb.wsconnected, pb.synced, pb.ws], [false, false, null])
  assert.deepEqual([...pa.awareness.getStates().keys()], [a.clientID])
  assert.equal(bystander.synced, true, 'another instance is not concerned')
  b.getText('t').insert(0, 'and while there was none ')
  await Promise.all([synced(pa), synced(pb), same(a, b, bystander.doc)])
  assert.match(`${a.getText('t')}`, /dead/)
  assert.match(`${a.getText('t')}`, /none/)
  await until(() => pa.awareness.getStates().get(b.clientID)?.name === 'B', [pa.awareness, 'update'])
  assert.deepEqual(trace, [
    'connection-close null', 'synced false', 'sync false', 'status disconnected', 'connection-error error',
    'status connecting', 'status connected', 'synced true', 'sync true'
  ])
  assert.equal(logged().length, 1)
  assert.match(logged()[0], /^weft: provider\.wasm: RuntimeError/)
})

test('a module that dies again and again is replaced ever more slowly', async t => {
  const server = await yServer(t)
  const logged = errors(t)
  const [pa, pb] = await pair(t, server.url, 'dying')
  const pauses = []
  for (let i = 0; i < 3; i++) {
    kill(started.at(-1))
    const from = performance.now()
    pa.doc.getMap('m').set('i', i)
    await Promise.all([synced(pa), synced(pb)])
    pauses.push(performance.now() - from)
  }
  assert(pauses[0] >= 1000 && pauses[1] >= 2000 && pauses[2] >= 4000 && pauses[2] < 9000, `${pauses}`)
  assert.equal(logged().length, 1, 'the console hears of the first in a row')
})

test('disconnect and destroy while the module is dead', async t => {
  const server = await yServer(t)
  errors(t)
  const [pa, pb] = await pair(t, server.url, 'dead')
  const count = started.length
  kill(started.at(-1))
  pa.disconnect() // which is when it dies
  pb.destroy()
  assert.deepEqual([pa.shouldConnect, pa.wsconnected, pa.ws, pb.ws], [false, false, null, null])
  pa.connect() // does not wait
  await synced(pa)
  assert.equal(started.length, count + 1)
})

test('a module that cannot be loaded', async t => {
  const sockets = await yServer(t)
  for (const [name, expected, ...responses] of [
    ['not found', /^weft: provider\.wasm: Error: HTTP 404 http/, [404, wasm, 'none']],
    ['not a module', /CompileError/, [200, wasm, '<!doctype html>']],
    ['not our module', /Error: not of this release|TypeError/, [200, wasm, Buffer.from('\0asm\x01\0\0\0', 'binary')]],
    ['cut off', /CompileError/, [200, {}, bytes.subarray(0, 100_000)]]
  ]) {
    await t.test(name, async t => {
      const logged = errors(t)
      const server = await serve(t, ...responses, [200, wasm, bytes])
      const provider = connect(t, sockets.url, 'load', new Y.Doc(), { wasm: server.url })
      provider.doc.getText('t').insert(0, 'meanwhile')
      const [failure, sender] = await event(provider, 'connection-error')
      assert.equal(sender, provider)
      assert.equal(failure.type, 'error')
      assert.match(failure.error.message, expected)
      assert(failure.error.cause instanceof Error)
      await synced(provider) // the second attempt
      assert.equal(server.requests(), 2)
      assert.equal(logged().length, 1)
    })
  }

  await t.test('nobody there', async t => {
    const logged = errors(t)
    const url = `http://127.0.0.1:${await freePort()}/provider.wasm`
    const provider = connect(t, sockets.url, 'load', new Y.Doc(), { wasm: url })
    const failures = [await event(provider, 'connection-error'), await event(provider, 'connection-error')]
    for (const [failure] of failures) assert.match(failure.error.message, /TypeError: fetch failed/)
    assert.equal(logged().length, 1, 'the console hears of the first in a row')
    provider.disconnect() // no third attempt: the test would not end
  })
})

test('without timers or sockets after destroy, Node ends', async t => {
  const server = await yServer(t)
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import WebSocket from 'ws'
    import * as Y from 'yjs'
    import { WeftProvider } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url))}
    const doc = new Y.Doc()
    const provider = new WeftProvider('${server.url}', 'end', doc, { WebSocketPolyfill: WebSocket, resyncInterval: 1000 })
    provider.once('sync', () => {
      provider.destroy()
      doc.destroy() // ends Awareness's timer, which is y-protocols' own
      queueMicrotask(() => console.log(process.listenerCount('exit'), provider.bcconnected))
      setTimeout(() => { console.log('still running'); process.exit(1) }, 5000).unref()
    })
  `], { cwd: here('.'), stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', chunk => { output += chunk })
  const code = await new Promise(resolve => child.on('close', resolve))
  assert.deepEqual([code, output], [0, '0 false\n'])
})
