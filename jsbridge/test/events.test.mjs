// Applications that were written for y-websocket see the same: its own provider
// and ours go through the same run, and what they emit is compared.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { WebsocketProvider } from 'y-websocket'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { connect, event, freePort, synced, until, yServer } from './kit.mjs'

const names = ['status', 'synced', 'sync', 'connection-close', 'connection-error', 'closed']

/** What an argument is to an application, without what differs from run to run. */
const plain = (arg, provider) => {
  if (arg === provider) return 'provider'
  if (arg?.type === 'close') return { close: arg.code, reason: arg.reason }
  if (arg instanceof Object && arg.type) return { event: arg.type }
  return arg
}

const properties = provider => ({
  wsconnected: provider.wsconnected,
  wsconnecting: provider.wsconnecting,
  synced: provider.synced,
  shouldConnect: provider.shouldConnect,
  ws: provider.ws !== null
})

/** Runs a scenario with a provider of each kind and returns both traces. */
const both = async (t, url, options, scenario) => {
  const traces = []
  for (const make of [
    (room, doc, options) => {
      const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true, ...options })
      t.after(() => provider.destroy())
      t.after(() => doc.destroy())
      return provider
    },
    (room, doc, options) => connect(t, url, room, doc, options)
  ]) {
    const doc = new Y.Doc()
    const provider = make('events', doc, { connect: false, ...options })
    const trace = []
    for (const name of names) {
      provider.on(name, (...args) => trace.push([name, ...args.map(a => plain(a, provider)), properties(provider)]))
    }
    trace.push(properties(provider))
    const until = await scenario(provider, doc, trace)
    traces.push(until ? trace.slice(0, until) : trace)
  }
  const [theirs, ours] = traces
  assert(theirs.length > 1)
  assert.deepEqual(ours, theirs)
}

test('connect, be cut off, disconnect, connect, destroy', async t => {
  const server = await yServer(t)
  await both(t, server.url, {}, async (provider, doc, trace) => {
    provider.connect()
    await synced(provider)
    doc.getText('t').insert(0, 'hello')
    server.drop()
    await event(provider, 'connection-close')
    await synced(provider)
    provider.disconnect()
    trace.push('disconnect() returned', properties(provider))
    provider.connect()
    await synced(provider)
    provider.destroy()
    trace.push('destroy() returned', properties(provider))
  })
})

test('no server', async t => {
  const url = `ws://127.0.0.1:${await freePort()}`
  await both(t, url, {}, async provider => {
    provider.connect()
    await event(provider, 'connection-close')
    await event(provider, 'connection-close')
    return 7 // two attempts: status, error, close, each
  })
})

for (const [code, closes] of [[4400, true], [4403, true], [4499, true], [4500, false], [1011, false], [1000, false]]) {
  test(`the server closes with ${code}`, async t => {
    const server = await yServer(t)
    await both(t, server.url, { params: { close: `${code}`, reason: 'because' } }, async provider => {
      const end = event(provider, closes ? 'closed' : 'connection-close')
      provider.connect()
      await end
      if (!closes) await event(provider, 'connection-close')
      return 9
    })
  })
}

for (const [verdict, code] of [[false, 1011], [true, 4403]]) {
  test(`shouldReconnect returns ${verdict} for ${code}`, async t => {
    const server = await yServer(t)
    const asked = []
    await both(t, server.url, {
      params: { close: `${code}`, reason: 'because' },
      shouldReconnect: (event, provider) => {
        asked.push([event.code, typeof provider.connect])
        return verdict
      }
    }, async provider => {
      const end = event(provider, verdict ? 'connection-close' : 'closed')
      provider.connect()
      await end
      if (verdict) await event(provider, 'connection-close')
      return 9
    })
    assert.deepEqual(asked[0], [code, 'function'])
  })
}

test('connect() in a closed handler', async t => {
  const server = await yServer(t)
  const doc = new Y.Doc()
  const provider = connect(t, server.url, 'again', doc, { params: { close: '4401' } })
  await event(provider, 'closed', ({ code, reason }) => {
    assert.deepEqual([code, reason], [4401, ''])
    provider.params = {}
    provider.connect()
    return true
  })
  await synced(provider)
  assert.equal(provider.shouldConnect, true)
})

test('disconnect() before a connection is open', async t => {
  // y-websocket says nothing then, and what shows the status stays at connecting.
  const provider = connect(t, `ws://127.0.0.1:${await freePort()}`, 'early', new Y.Doc())
  const statuses = []
  provider.on('status', ({ status }) => {
    statuses.push(status)
    if (statuses.length === 1) queueMicrotask(() => provider.disconnect())
  })
  const [closed] = await event(provider, 'connection-close')
  assert.equal(closed, null)
  assert.deepEqual(statuses, ['connecting', 'disconnected'])
  assert.deepEqual(properties(provider), { wsconnected: false, wsconnecting: false, synced: false, shouldConnect: false, ws: false })
})

test('properties and address', async t => {
  const doc = new Y.Doc()
  const options = { connect: false, params: { token: 'a b&c', n: '1' }, protocols: ['p1', 'p2'], disableBc: true, WebSocketPolyfill: WebSocket }
  const provider = connect(t, 'ws://localhost:1///', 'a/room', doc, options)
  const theirs = new WebsocketProvider('ws://localhost:1///', 'a/room', new Y.Doc(), options)
  t.after(() => theirs.doc.destroy())
  t.after(() => theirs.destroy())
  for (const name of ['url', 'serverUrl', 'bcChannel', 'roomname', 'params', 'protocols', 'disableBc', 'bcconnected', 'shouldConnect']) {
    assert.deepEqual(provider[name], theirs[name], name)
  }
  assert.equal(provider.doc, doc)
  assert.equal(provider.awareness.clientID, doc.clientID)
  provider.params = {}
  assert.equal(provider.url, 'ws://localhost:1/a/room')
})

test('params, protocols and maxBackoffTime may be changed', async t => {
  const server = await yServer(t)
  const doc = new Y.Doc()
  const provider = connect(t, server.url, 'live', doc, { params: { close: '1013' }, maxBackoffTime: 3_600_000 })
  await event(provider, 'connection-close')
  provider.maxBackoffTime = 50
  assert.equal(provider.maxBackoffTime, 50)
  await event(provider, 'connection-close')
  provider.params = { v: '2' }
  await synced(provider)
  assert.equal(new URL(provider.ws.url).search, '?v=2')
})

test('a listener that throws costs nothing but its own exception', async t => {
  const server = await yServer(t)
  const thrown = []
  const before = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', e => thrown.push(e.message))
  t.after(() => {
    process.removeAllListeners('uncaughtException')
    for (const f of before) process.on('uncaughtException', f)
  })
  const doc = new Y.Doc()
  const provider = connect(t, server.url, 'throws', doc)
  provider.on('status', ({ status }) => { throw new Error(status) })
  await synced(provider)
  server.drop()
  await event(provider, 'connection-close')
  await synced(provider)
  assert.deepEqual(thrown, ['connecting', 'connected', 'disconnected', 'connecting', 'connected'])
  // What destroy has it throw must come while this test still listens.
  const last = once(process, 'uncaughtException')
  provider.destroy()
  assert.equal((await last)[0].message, 'disconnected')
})

test('edits made by listeners of remote edits arrive', async t => {
  const server = await yServer(t)
  const [a, b] = [new Y.Doc(), new Y.Doc()]
  const [pa, pb] = [connect(t, server.url, 'react', a), connect(t, server.url, 'react', b)]
  await Promise.all([synced(pa), synced(pb)])
  b.getMap('m').observe(e => {
    if (e.keysChanged.has('question')) b.getMap('m').set('answer', b.getMap('m').get('question') * 2)
  })
  a.getMap('m').set('question', 21)
  await until(() => a.getMap('m').get('answer') === 42, [a, 'update'])
})

test('destroy from a listener, and twice', async t => {
  const server = await yServer(t)
  const doc = new Y.Doc()
  const provider = connect(t, server.url, 'destroy', doc)
  await event(provider, 'synced', () => {
    provider.destroy()
    return true
  })
  provider.destroy()
  provider.connect()
  assert.deepEqual(properties(provider), { wsconnected: false, wsconnecting: false, synced: false, shouldConnect: false, ws: false })
})
