// Who is let in: identifiers, and users with passwords, directly and through a relay.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import WebSocket from 'ws'
import { openPeer } from '../kit/peers.mjs'
import { handshake } from '../kit/raw.mjs'
import { converge, types } from '../kit/same.mjs'
import { startRelay, startServer } from '../kit/server.mjs'
import { makeTempDir, removeDir } from '../kit/temp.mjs'
import { until } from '../kit/until.mjs'

test("ELVA's rule for identifiers", async (t) => {
  const server = await startServer(t, { args: ['--ids', 'elva'] })
  const good = ['abcdefghij', 'A-Z_a-z_0-9', 'x'.repeat(250)]
  const bad = ['short', 'x'.repeat(251), 'with/slash-in-it', 'with.dots.in.it', 'caf%C3%A9caf%C3%A9', 'abcdefghi%20']
  for (const id of good) assert.equal((await handshake(server, `/${id}`)).status, 101, id)
  for (const id of bad) {
    const { status, body } = await handshake(server, `/${id}`)
    assert.equal(status, 403, id)
    assert.match(body, /^document name refused: /)
  }
  // In frames too: what is for another name has no effect.
  const socket = new WebSocket(`${server.socketURL}/`)
  t.after(() => socket.terminate())
  await once(socket, 'open')
  const id = (name) => Buffer.concat([Buffer.from([0x49, 0x44, name.length]), Buffer.from(name)])
  const step1 = Buffer.from([0, 0, 1, 0])
  socket.send(Buffer.concat([id('short'), step1]))
  socket.send(Buffer.concat([id('abcdefghij'), step1]))
  const [first] = await once(socket, 'message')
  assert.deepEqual(first, Buffer.concat([id('abcdefghij'), Buffer.from([0, 1, 2, 0, 0])]))
})

test('users with passwords, directly and through a relay', async (t) => {
  const dir = await makeTempDir()
  t.after(() => removeDir(dir))
  const file = join(dir, 'users')
  await writeFile(file, 'alice:$apr1$weftweft$7oe9vuzjR.3wYGVlz/jxw0\n') // secret
  const server = await startServer(t, { args: ['--htpasswd', file] })

  const bare = await fetch(`${server.url}/doc`)
  assert.equal(bare.status, 401)
  assert.match(bare.headers.get('www-authenticate'), /^Basic realm=/)
  assert.equal((await fetch(`${server.url}/_weft/healthz`)).status, 200)
  const attempt = async (auth) => {
    const socket = new WebSocket(`${server.socketURL}/doc`, { auth })
    const result = await Promise.race([
      once(socket, 'open').then(() => 101),
      new Promise((resolve) => socket.once('unexpected-response', (_req, res) => resolve(res.statusCode))),
    ])
    socket.on('error', () => {})
    socket.terminate()
    return result
  }
  assert.equal(await attempt(), 401)
  assert.equal(await attempt('alice:wrong'), 401)
  assert.equal(await attempt('bob:secret'), 401)
  assert.equal(await attempt('alice:secret'), 101)

  // A relay that has them serves clients that do not.
  const relay = await startRelay(t, `${server.socketURL}/`, { args: ['--user', 'alice', '--password', 'secret'] })
  const wrong = await startRelay(t, `${server.socketURL}/`, { args: ['--user', 'alice', '--password', 'wrong'] })
  const a = await openPeer(t, 'y-websocket', relay.socketURL, 'doc').synced()
  const b = await openPeer(t, 'weft', relay.socketURL, 'doc').synced()
  types(a.doc).text.insert(0, 'through the relay')
  await converge('through the relay', [a.doc, b.doc])
  assert.equal((await relay.stats()).Attempts, 2, 'one without credentials, one with')
  await until('the other relay has given up for now', async () => (await wrong.stats()).status === 'refused')
  assert.equal((await wrong.stats()).Attempts, 2)
})
