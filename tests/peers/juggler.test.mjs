// npm's @hat-open/juggler, both kinds, with our server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import WebSocket from 'ws'
import { openJuggler, startJuggler, versions } from '../kit/juggler.mjs'
import { closedFor } from '../kit/raw.mjs'
import { seedFor } from '../kit/seed.mjs'
import { removeDir } from '../kit/temp.mjs'
import { until } from '../kit/until.mjs'

const values = [
  null, true, false, 0, 1, -1.5, 1e300, '', 'text', 'žluťoučký 🧵', [], {}, [[], [[1, [true]]]], { '': { '/': { '~': [1] } } }, '\u2028"\\\u0000',
]

for (const [version, { transport }] of Object.entries(versions)) {
  const start = (t, ...args) => startJuggler(t, '-transport', transport, ...args)

  describe(`juggler ${version}`, () => {
    test('every kind of message', async (t) => {
      const server = await start(t, '-autoflush', '0')
      const client = await openJuggler(t, version, server.socketURL)
      assert.equal(client.conn.state, null)
      for (const value of values) {
        assert.deepEqual(await client.send('echo', value), value)
        assert.deepEqual(await client.send('', value), value)
        await assert.rejects(client.send('fail', value), (error) => isDeepStrictEqual(error, value))
      }
      assert.equal(await client.send('set', [['a', 2, 'b'], 'x']), null)
      await client.state('it was set', (state) => isDeepStrictEqual(state, { a: [null, null, { b: 'x' }] }))
      await client.send('setmany', [['c', 1], [[['a'], 0], 2]])
      await client.send('remove', ['a', -1])
      await client.send('remove', ['no', 'such', 'part'])
      assert.deepEqual(await client.send('data'), { a: [2, null], c: 1 })
      await client.state('it was changed', (state) => isDeepStrictEqual(state, { a: [2, null], c: 1 }))
      await client.send('notify', ['bell', { n: [1] }])
      await client.send('notify', ['bell', null])
      await until('the notifications', () => client.notifications.length === 2)
      assert.deepEqual(client.notifications, [{ name: 'bell', data: { n: [1] } }, { name: 'bell', data: null }])
      assert.equal(await client.send('remote'), '127.0.0.1')
      await assert.rejects(client.send('no such request', 1), (error) => typeof error === 'string')
      await assert.rejects(client.send('set', [[true], 1]), (error) => typeof error === 'string')
      assert.equal(client.closes, 0)
    })

    test('states in sequence', async (t) => {
      const server = await start(t, '-autoflush', 'none')
      const client = await openJuggler(t, version, server.socketURL)
      const states = [
        { a: { x: [1, 2, 3] }, l: [[1, [2, [3]]], [4]] },
        { b: { x: [1, 2, 3] }, l: [[4], [1, [2, [3]]]] },
        { b: { x: [3, 2, 1] }, l: [[4], [1, [true, [3]]]] },
        [1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [5, 3], [[1], { x: 1 }], [[true], { x: true }], [[0], { x: false }],
        { 'č/~': '🧵', n: [1e300, 9007199254740991] },
        'text', 0, null, { tasks: [{ id: 1 }, { id: 2 }, { id: 3 }], done: [] }, { tasks: [{ id: 3 }, { id: 1 }], done: [{ id: 2 }] },
      ]
      for (const state of states) {
        await client.send('set', [[], state])
        await client.send('flush')
        await client.state('the state has come', (now) => isDeepStrictEqual(now, state))
      }
    })

    test('random changes, by two clients of one state', async (t) => {
      const random = seedFor(t)
      const server = await start(t, '-shared', '-autoflush', '0.01')
      const clients = [await openJuggler(t, version, server.socketURL), await openJuggler(t, version, server.socketURL)]
      const path = () => Array.from({ length: random.between(1, 4) }, () => random.pick(['a', 'b', '', 'x/y', 0, 1, 2, -1]))
      for (let round = 0; round < 50; round++) {
        const changes = []
        for (let i = random.between(1, 8); i > 0; i--) {
          const client = random.pick(clients)
          changes.push(random.chance(0.25) ? client.send('remove', path()) : client.send('set', [path(), random.pick(values)]))
        }
        await Promise.all(changes)
        const want = await clients[0].send('data')
        for (const client of clients) await client.state('it has the state', (state) => isDeepStrictEqual(state, want))
      }
    })

    test('six megabytes', async (t) => {
      const server = await start(t, '-autoflush', 'none')
      const client = await openJuggler(t, version, server.socketURL)
      const part = '🧵ž'.repeat(10_000) // 60 KB, so that the client does not cut it in a character
      for (let i = 0; i < 100; i++) await client.send('set', [['parts', i], part])
      await client.send('flush')
      await client.state('the parts are there', (state) => state?.parts.length === 100 && state.parts.every((p) => p === part))
      const large = 'x'.repeat(transport === 'plain' ? 4_000_000 : 6_000_000)
      assert.equal(await client.send('echo', large), large)
      await client.send('notify', ['large', large])
      await until('the notification', () => client.notifications.length === 1)
      assert.equal(client.notifications[0].data, large)
    })

    test('one after the other, or in parallel', async (t) => {
      for (const [args, want] of [[[], ['slow', 'fast']], [['-parallel'], ['fast', 'slow']]]) {
        const server = await start(t, ...args)
        const client = await openJuggler(t, version, server.socketURL)
        const order = []
        const ask = async (s, value) => order.push(await client.send('sleep', { s, value }))
        const both = [ask(0.3, 'slow'), ask(0, 'fast')]
        assert.equal(await client.send('', 'at once'), 'at once')
        assert.deepEqual(order, args.length ? order : [], 'the empty request waits for nobody')
        await Promise.all(both)
        assert.deepEqual(order, want)
      }
    })

    test('an application stays connected while a handler is slow', async (t) => {
      const server = await start(t)
      const renderer = { state: null, set(path, value) { this.state = value } }
      const { Application } = versions[version].module
      const app = new Application(['remote'], renderer, [server.socketURL], null, 100, 500)
      let disconnected = 0
      app.addEventListener('disconnected', () => disconnected++)
      t.after(() => app.disconnect())
      await once(app, 'connected')
      assert.equal(await app.send('sleep', { s: 2, value: 'done' }), 'done')
      assert.equal(disconnected, 0)
      await app.send('set', ['a', 1])
      await until('the state is in the renderer', () => renderer.state?.a === 1)
    })

    test('the end of the server', async (t) => {
      const server = await start(t)
      const client = await openJuggler(t, version, server.socketURL)
      const socket = new WebSocket(server.socketURL)
      await once(socket, 'open')
      const pending = assert.rejects(client.send('sleep', { s: 60, value: null }))
      const closed = once(socket, 'close')
      await server.stop()
      const [code, reason] = await closed
      assert.deepEqual([code, reason.toString()], [1000, ''])
      await pending
      assert.equal(client.closes, 1)
    })

    test('who speaks the other transport is closed', async (t) => {
      const server = await start(t)
      const other = Object.keys(versions).find((v) => v !== version)
      const client = await openJuggler(t, other, server.socketURL)
      await assert.rejects(client.send('echo', 1))
      assert.equal(client.closes, 1)
    })
  })
}

test('bad messages are closed with 1000, too large ones with 1009', async (t) => {
  const server = await startJuggler(t)
  for (const frame of ['', '{', '[]', '{}', '{"type":"state","diff":[]}', '{"type":"request","name":"","data":1}', Buffer.from('{}')]) {
    assert.deepEqual(await closedFor(t, server.socketURL, frame), { code: 1000, reason: '' }, String(frame))
  }
  const { code } = await closedFor(t, server.socketURL, 'x'.repeat(4_194_304))
  assert.equal(code, 1009)
})

test('passwords, files and the remote address', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'weft-juggler-'))
  t.after(() => removeDir(dir))
  await writeFile(join(dir, 'index.html'), '<p>hello')
  await writeFile(join(dir, 'htpasswd'), 'ada:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n')
  const server = await startJuggler(t, '-htpasswd', join(dir, 'htpasswd'), '-static', dir)
  const refused = await fetch(server.url)
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('www-authenticate'), 'Basic realm=""')
  const authorization = `Basic ${btoa('ada:secret')}`
  const page = await fetch(server.url, { headers: { authorization } })
  assert.equal(await page.text(), '<p>hello')
  assert.ok(page.redirected)
  assert.equal((await fetch(`${server.url}/none`, { headers: { authorization } })).status, 404)

  const failed = new WebSocket(server.socketURL)
  const [error] = await once(failed, 'error')
  assert.match(error.message, /401/)
  const headers = { authorization, 'x-forwarded-for': '10.0.0.1, 10.0.0.2' }
  const socket = new WebSocket(server.socketURL, { headers })
  await once(socket, 'open')
  assert.match(socket.extensions, /permessage-deflate/)
  socket.send('{"type":"request","id":1,"name":"remote","data":null}')
  const [answer] = await once(socket, 'message')
  assert.equal(JSON.parse(answer).data, '10.0.0.2')
  socket.terminate()
})
