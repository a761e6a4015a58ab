// Tabs of one browser share a channel: they meet without a server, and tabs that
// still run y-websocket's own provider take part.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import { WebsocketProvider } from 'y-websocket'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { connect, event, freePort, here, same, synced, until, yServer } from './kit.mjs'

const nowhere = `ws://127.0.0.1:${await freePort()}`
const open = (t, room, doc, options) => connect(t, nowhere, room, doc, { disableBc: false, ...options })

const written = value => {
  const doc = new Y.Doc()
  doc.getText('t').insert(0, value)
  return doc
}

test('two of ours without a server', async t => {
  const [a, b] = [written('a'), written('b')]
  const [pa, pb] = [open(t, 'ours', a), open(t, 'ours', b)]
  assert.equal(pa.bcconnected, true)
  await same(a, b)
  assert.equal(a.getText('t').length, 2)
  a.getText('t').insert(0, 'live ')
  await same(a, b)
  pa.awareness.setLocalState({ name: 'A' })
  await until(() => pb.awareness.getStates().get(a.clientID)?.name === 'A', [pb.awareness, 'update'])
  assert.equal(pa.synced, false, 'tabs say nothing about the server')

  pa.destroy()
  assert.equal(pa.bcconnected, false)
  await until(() => !pb.awareness.getStates().has(a.clientID), [pb.awareness, 'update'])
  b.getText('t').insert(0, 'alone ')
  assert.notEqual(`${a.getText('t')}`, `${b.getText('t')}`)
})

test('disableBc, and before connect()', async t => {
  const [a, b, c] = [written('a'), written('b'), written('c')]
  open(t, 'off', a)
  const silent = open(t, 'off', b, { disableBc: true })
  const later = open(t, 'off', c, { connect: false })
  await event(silent, 'status')
  assert.equal(silent.bcconnected, false)
  assert.equal(later.bcconnected, false)
  later.connect()
  await same(a, c)
  assert.equal(`${b.getText('t')}`, 'b')
  later.disconnect()
  assert.equal(later.bcconnected, false)
})

test('beside y-websocket in another thread', async t => {
  const worker = new Worker(here('tab-worker.mjs'), { workerData: { url: nowhere, room: 'mixed' } })
  t.after(() => worker.terminate())
  const doc = written('ours ')
  const provider = open(t, 'mixed', doc)
  await until(() => /ours/.test(doc.getText('t')) && /theirs/.test(doc.getText('t')), [doc, 'update'])
  await until(() => [...provider.awareness.getStates().values()].some(s => s.name === 'worker'), [provider.awareness, 'update'])
  // It answers what it sees with text that only both together could make.
  provider.awareness.setLocalState({ name: 'main' })
  doc.getText('t').insert(0, 'ping ')
  await until(() => /pong main/.test(doc.getText('t')), [doc, 'update'])
})

test('beside y-websocket in this thread, with a server', async t => {
  const server = await yServer(t)
  const [a, b] = [written('a'), written('b')]
  const ours = connect(t, server.url, 'both', a, { disableBc: false })
  const theirs = new WebsocketProvider(server.url, 'both', b, { WebSocketPolyfill: WebSocket })
  t.after(() => theirs.destroy())
  t.after(() => b.destroy())
  await Promise.all([synced(ours), same(a, b)])
  for (let i = 0; i < 50; i++) {
    a.getText('t').insert(0, 'x')
    b.getText('t').insert(0, 'y')
  }
  await same(a, b)
})

test('what a tab without a connection writes reaches the server through another', async t => {
  const server = await yServer(t)
  const [cut, online, elsewhere] = [written('cut off '), new Y.Doc(), new Y.Doc()]
  const far = connect(t, server.url, 'relay', elsewhere)
  const near = connect(t, server.url, 'relay', online, { disableBc: false })
  await Promise.all([synced(far), synced(near)])
  // The server closes this tab's connections as soon as they are open.
  const alone = connect(t, server.url, 'relay', cut, { disableBc: false, params: { close: '1013' } })
  await until(() => /cut off/.test(elsewhere.getText('t')), [elsewhere, 'update'])
  cut.getText('t').insert(0, 'and more ')
  await same(cut, online, elsewhere)
  assert.equal(alone.synced, false)
})
