// The server stops and starts again: it has what it had, clients come back by themselves, and what they wrote meanwhile
// arrives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, openPeer, readFresh } from '../kit/peers.mjs'
import { converge, types, view } from '../kit/same.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

test('a document is there after the server was restarted', async (t) => {
  const server = await startServer(t)
  for (const kind of kinds) {
    const writer = await openPeer(t, kind, server.socketURL, `kept-${kind}`).synced()
    const { text, map, list } = types(writer.doc)
    text.insert(0, 'kept 🧵')
    text.format(0, 4, { bold: true })
    list.push(['one', 'two'])
    list.delete(0, 1)
    map.set('key', { nested: [1, 2, 3] })
    const expected = view(writer.doc)
    // The last client is gone, and with it its copy: only the server has the document now.
    await until('the server has it all', async () => {
      assert.deepEqual(view(await readFresh('y-websocket', server.socketURL, `kept-${kind}`)), expected)
      return true
    })
    writer.close()
    await server.restart()
    for (const reader of kinds) {
      assert.deepEqual(view(await readFresh(reader, server.socketURL, `kept-${kind}`)), expected, `read by ${reader}`)
    }
  }
})

test('clients come back by themselves and bring what was written while the server was away', async (t) => {
  const server = await startServer(t)
  const peers = await Promise.all(kinds.map((kind) => openPeer(t, kind, server.socketURL, 'away').synced()))
  for (const peer of peers) peer.awareness.setLocalStateField('user', { name: peer.kind })
  const sees = (one, other) => one.awareness.getStates().get(other.doc.clientID)?.user?.name === other.kind
  const all = (condition) => peers.every((one) => peers.every((other) => condition(one, other)))
  await until('everybody sees everybody', () => all(sees))
  types(peers[0].doc).text.insert(0, 'before ')
  await converge('before', peers.map((peer) => peer.doc))

  await server.stop()
  await until('everybody has noticed', () => peers.every((peer) => !peer.provider.wsconnected))
  for (const peer of peers) {
    assert.equal(peer.closes[0], 1012, `${peer.name}: the server says that it restarts`)
    assert.equal(peer.awareness.getStates().size, 1, `${peer.name}: nobody else is there any more`)
    types(peer.doc).text.insert(0, `${peer.kind} while away. `)
    types(peer.doc).map.set(peer.kind, 'offline')
  }
  await server.start()
  await Promise.all(peers.map((peer) => peer.synced()))
  await converge('after', peers.map((peer) => peer.doc))
  const text = types(peers[0].doc).text.toString()
  for (const kind of kinds) assert.ok(text.includes(`${kind} while away.`), text)
  // Without waiting for the renewal that comes every 15 s.
  await until('everybody sees everybody again', () => all(sees), { within: 5000 })
})
