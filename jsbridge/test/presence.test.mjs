// Presence: who is here is seen at once, and who left is gone at once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import test from 'node:test'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { connect, event, here, noWeft, synced, until, weftServer, yServer } from './kit.mjs'

/** Two synced providers that see each other, named A and B. */
const pair = async (t, url, room, options) => {
  const providers = ['A', 'B'].map(name => {
    const provider = connect(t, url, room, new Y.Doc(), options)
    provider.awareness.setLocalState({ name })
    return provider
  })
  await Promise.all(providers.map(synced))
  const [a, b] = providers
  await Promise.all([seen(a, b), seen(b, a)])
  return providers
}

/** Resolves when `by` sees the state of `who`, which is its own. */
const seen = (by, who) => until(
  () => by.awareness.getStates().get(who.awareness.clientID)?.name === who.awareness.getLocalState()?.name,
  [by.awareness, 'update'])

const gone = (by, who) => until(() => !by.awareness.getStates().has(who.awareness.clientID), [by.awareness, 'update'])

for (const [name, serve, skip] of [['y-websocket', yServer, false], ['weft', weftServer, noWeft]]) {
  test(`server ${name}`, { skip }, async t => {
    const server = await serve(t)

    await t.test('a change is seen', async t => {
      const [a, b] = await pair(t, server.url, 'change')
      a.awareness.setLocalState({ name: 'A2' })
      await seen(b, a)
    })

    for (const leave of ['disconnect', 'destroy']) {
      await t.test(`${leave} removes the state at once`, async t => {
        const [a, b] = await pair(t, server.url, leave)
        a[leave]()
        assert.deepEqual([...a.awareness.getStates().keys()], [a.awareness.clientID], 'the others are out of reach')
        await gone(b, a)
      })
    }

    await t.test('connecting again shows it at once', async t => {
      const [a, b] = await pair(t, server.url, 'again')
      a.disconnect()
      await gone(b, a)
      a.connect()
      await Promise.all([seen(b, a), seen(a, b)])
    })

    await t.test('a state removed by somebody else comes back', async t => {
      const [a, b] = await pair(t, server.url, 'removed')
      // As a server does that notices late that an old connection is gone.
      const forged = encodeAwarenessUpdate(b.awareness, [a.awareness.clientID], new Map())
      applyAwarenessUpdate(b.awareness, forged, 'test')
      assert(!b.awareness.getStates().has(a.awareness.clientID))
      await seen(b, a)
    })
  })
}

test('the end of the process removes the state', async t => {
  const server = await yServer(t)
  const [, b] = await pair(t, server.url, 'exit')
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import WebSocket from 'ws'
    import * as Y from 'yjs'
    import { WeftProvider } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url))}
    const provider = new WeftProvider('${server.url}', 'exit', new Y.Doc(), { WebSocketPolyfill: WebSocket })
    provider.awareness.setLocalState({ name: 'child' })
    process.stdin.on('data', () => process.exit(0))
  `], { cwd: here('.'), stdio: ['pipe', 'inherit', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const names = () => [...b.awareness.getStates().values()].map(s => s.name)
  await until(() => names().includes('child'), [b.awareness, 'update'])
  child.stdin.write('exit')
  await until(() => !names().includes('child'), [b.awareness, 'update'])
})

/** Gives Node the events of a page for one test. */
const page = t => {
  const target = new EventTarget()
  globalThis.addEventListener = target.addEventListener.bind(target)
  globalThis.removeEventListener = target.removeEventListener.bind(target)
  t.after(() => {
    delete globalThis.addEventListener
    delete globalThis.removeEventListener
  })
  return name => target.dispatchEvent(new Event(name))
}

test('a page that is hidden and shown again', async t => {
  const server = await yServer(t)
  const fire = page(t)
  const [, b] = await pair(t, server.url, 'page')
  const doc = new Y.Doc()
  const a = connect(t, server.url, 'page', doc)
  a.awareness.setLocalState({ name: 'tab' })
  await synced(a)
  await seen(b, a)
  b.destroy() // it listens to the same events; another one watches
  const watcher = new Awareness(new Y.Doc())
  t.after(() => watcher.doc.destroy())
  const c = connect(t, server.url, 'page', watcher.doc, { awareness: watcher })
  await seen(c, a)
  c.awareness.setLocalState({ name: 'watcher' })

  fire('pagehide')
  assert.equal(a.awareness.getLocalState(), null)
  await gone(c, a)
  fire('pageshow')
  assert.deepEqual(a.awareness.getLocalState(), { name: 'tab' })
  await seen(c, a)
  fire('pageshow') // as after an ordinary load
  assert.deepEqual(a.awareness.getLocalState(), { name: 'tab' })

  a.destroy()
  c.destroy()
  fire('pagehide')
  assert.notEqual(a.awareness.getLocalState(), null, 'destroyed providers do not listen')
})

test('the network is back', async t => {
  const server = await yServer(t)
  const fire = page(t)
  const provider = connect(t, server.url, 'online', new Y.Doc(), { params: { close: '1013' }, maxBackoffTime: 3_600_000 })
  for (let i = 0; i < 12; i++) {
    // Each attempt would wait longer than the one before.
    const closed = event(provider, 'connection-close')
    fire('online')
    await closed
  }
  provider.params = {}
  fire('online')
  await synced(provider)
  const { ws } = provider
  fire('online')
  assert.equal(provider.ws, ws, 'a connection that stands is left alone')
})

test('states that ran out here are not removed elsewhere', async t => {
  const server = await yServer(t)
  const [a, b] = await pair(t, server.url, 'timeout')
  // What Awareness does when its own timer says that A was silent for 30 s,
  // as after a laptop slept.
  const removed = event(b.awareness, 'update', (_, origin) => origin === 'timeout')
  b.awareness.meta.get(a.awareness.clientID).lastUpdated = 0
  await removed
  const heard = []
  a.awareness.on('update', (change, origin) => heard.push([change, origin]))
  b.doc.getMap('m').set('after', true)
  await until(() => a.doc.getMap('m').get('after'), [a.doc, 'update'])
  assert.deepEqual(heard, [])
})
