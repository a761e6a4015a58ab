// Rooms that only broadcast, and rooms in memory, with npm clients.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { openPeer } from '../kit/peers.mjs'
import { openSocket } from '../kit/raw.mjs'
import { converge, types } from '../kit/same.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

test('clients in a room that only broadcasts have each other, and nothing is kept', async (t) => {
  const server = await startServer(t, { args: ['--mode', 'broadcast'] })
  const first = openPeer(t, 'y-websocket', server.socketURL, 'cast')
  await until('it is connected', () => first.provider.wsconnected)
  types(first.doc).text.insert(0, 'hello ')
  // The second one's step 1 is answered by the first one, not by the server.
  const second = await openPeer(t, 'y-websocket', server.socketURL, 'cast').synced()
  assert.equal(types(second.doc).text.toString(), 'hello ')
  assert.equal(first.provider.synced, false, 'nobody has answered the first one')
  second.awareness.setLocalStateField('user', { name: 'second' })
  await until('the first sees the second', () => first.awareness.getStates().get(second.doc.clientID)?.user?.name === 'second')
  for (let i = 0; i < 50; i++) {
    types(first.doc).text.insert(0, `f${i} `)
    types(second.doc).text.insert(0, `s${i} `)
  }
  await converge('cast', [first.doc, second.doc])

  // Verbatim, whatever it is, to all others and not back.
  const a = await openSocket(t, `${server.socketURL}/raw`)
  const b = await openSocket(t, `${server.socketURL}/raw`)
  // A socket is open before its room knows it, and what is sent meanwhile is not kept.
  let met = false
  a.once('message', () => { met = true })
  await until('they are in the room', () => {
    if (!met) b.send(Buffer.of())
    return met
  })
  for (const frame of ['', '00', '0002020701', '524f00', '00000100', '4944026131', 'ffff']) {
    const arrived = once(b, 'message', { signal: AbortSignal.timeout(10_000) })
    a.send(Buffer.from(frame, 'hex'))
    const [data, binary] = await arrived
    assert.equal(data.toString('hex'), frame)
    assert.ok(binary)
  }

  first.close()
  second.close()
  const late = openPeer(t, 'y-websocket', server.socketURL, 'cast')
  await until('it is connected', () => late.provider.wsconnected)
  const witness = openPeer(t, 'y-websocket', server.socketURL, 'cast')
  await witness.synced() // by the late one
  assert.equal(types(witness.doc).text.toString(), '', 'nobody has kept the text')
})

test('a document in memory lives as long as the server', async (t) => {
  const server = await startServer(t, { args: ['--mode', 'memory', '--mode', 'kept-*=store', '--idle', '1ms'] })
  for (const room of ['volatile', 'kept-it']) {
    const writer = await openPeer(t, 'y-websocket', server.socketURL, room).synced()
    types(writer.doc).text.insert(0, 'hello')
    const witness = await openPeer(t, 'y-websocket', server.socketURL, room).synced()
    await until('the witness has it', () => types(witness.doc).text.toString() === 'hello')
    writer.close()
    witness.close()
    const reader = await openPeer(t, 'weft', server.socketURL, room).synced()
    assert.equal(types(reader.doc).text.toString(), 'hello')
    reader.close()
  }
  await server.restart()
  for (const [room, text] of [['volatile', ''], ['kept-it', 'hello']]) {
    const reader = await openPeer(t, 'y-websocket', server.socketURL, room).synced()
    assert.equal(types(reader.doc).text.toString(), text, room)
  }
})
