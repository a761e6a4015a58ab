// Clients behind `weft relay` before `weft serve`: the server is killed and comes back while they type, one of them never
// reads, and nothing is lost.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { weftBinary } from '../kit/need.mjs'
import { openPeer, readFresh } from '../kit/peers.mjs'
import { openSocket } from '../kit/raw.mjs'
import { converge, types, view } from '../kit/same.mjs'
import { startRelay, startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

/** Types at the end of the text, once each few milliseconds, until it is told to stop. */
function typist(peer) {
  let count = 0
  const timer = setInterval(() => {
    const { text, map } = types(peer.doc)
    text.insert(text.length, `${peer.mark}${count} `)
    map.set(peer.mark, count++)
  }, 5)
  return () => {
    clearInterval(timer)
    return count
  }
}

test('nothing typed behind a relay is lost when the server is killed and comes back', async (t) => {
  const server = await startServer(t, { args: ['--commit-interval', '0'] })
  const relay = await startRelay(t, `${server.socketURL}/`)
  const peers = []
  for (let i = 0; i < 6; i++) {
    // Two documents behind the relay; of each one client is at the server itself.
    const direct = i >= 4
    const peer = openPeer(t, i % 2 ? 'weft' : 'y-websocket', direct ? server.socketURL : relay.socketURL, `chain-${i % 2}`)
    peer.mark = 'abcdef'[i]
    peers.push(await peer.synced())
  }
  // One that reads nothing, in each document.
  for (const name of ['chain-0', 'chain-1']) {
    const deaf = await openSocket(t, `${relay.socketURL}/${name}`)
    deaf.send(Buffer.from([0, 0, 1, 0]))
    deaf.pause()
  }
  const stops = peers.map(typist)
  const grown = (n) => until('everybody types', () => peers.every((peer) => types(peer.doc).map.get(peer.mark) >= n))
  for (const n of [20, 60]) {
    await grown(n)
    await server.kill()
    await grown(n + 20) // typed while it is away
    await server.start()
    await until('the relay is connected', async () => (await relay.stats()).ready)
  }
  await grown(100)
  const counts = stops.map((stop) => stop())
  for (const name of ['chain-0', 'chain-1']) {
    const members = peers.filter((peer) => peer.room === name)
    await converge(name, members.map((peer) => peer.doc))
    await until('the server has it too', async () => {
      assert.deepEqual(view(await readFresh('y-websocket', server.socketURL, name)), view(members[0].doc))
      return true
    })
    const text = types(members[0].doc).text.toString()
    for (const peer of members) {
      const count = counts[peers.indexOf(peer)]
      for (let i = 0; i < count; i++) assert.ok(text.includes(`${peer.mark}${i} `), `${peer.mark}${i} is missing`)
    }
  }
  const stats = await relay.stats()
  assert.equal(stats.Faults, 0)
  assert.ok(stats.Offline > 0 && stats.Connections >= 3, JSON.stringify(stats))
  await relay.stop()
  await server.stop()
})

test('a client that never reads is let go, and the others are not delayed', async (t) => {
  const server = await startServer(t)
  const relay = await startRelay(t, `${server.socketURL}/`)
  const writer = await openPeer(t, 'y-websocket', relay.socketURL, 'deaf').synced()
  const reader = await openPeer(t, 'y-websocket', relay.socketURL, 'deaf').synced()
  const deaf = await openSocket(t, `${relay.socketURL}/deaf`)
  deaf.send(Buffer.from([0, 0, 1, 0]))
  deaf.pause()
  // Until the relay has given it up, every piece arrives at the reader while the deaf one is still there.
  let rounds = 0
  for (; (await relay.stats()).Closed === 0; rounds++) {
    assert.ok(rounds < 5000, 'the socket takes everything')
    types(writer.doc).map.set(`k${rounds % 10}`, 'x'.repeat(100_000))
    types(writer.doc).map.set('round', rounds)
    await until('the reader has it', () => types(reader.doc).map.get('round') === rounds)
  }
  assert.ok(rounds > 0)
  assert.equal((await relay.stats()).Closed, 1)
  assert.equal(writer.closes.length + reader.closes.length, 0, 'the others stay connected')
})

test('a client that was offline before it came to the relay brings its text, though others are there', async (t) => {
  const server = await startServer(t)
  const relay = await startRelay(t, `${server.socketURL}/`)
  const first = await openPeer(t, 'y-websocket', relay.socketURL, 'late').synced()
  types(first.doc).text.insert(0, 'first ')
  const late = openPeer(t, 'y-websocket', relay.socketURL, 'late', { connect: false })
  types(late.doc).text.insert(0, 'written offline ')
  late.provider.connect()
  await late.synced()
  await converge('late', [first.doc, late.doc])
  await until('the server has it', async () => {
    assert.deepEqual(view(await readFresh('weft', server.socketURL, 'late')), view(first.doc))
    return true
  })
})

test('a relay is never its own upstream', async (t) => {
  const { port } = await startRelay(t, 'ws://127.0.0.1:1/').then(async (relay) => {
    await relay.stop() // its port is free now
    return relay
  })
  for (const name of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    assert.throws(
      () => execFileSync(weftBinary(), ['relay', '--listen', `127.0.0.1:${port}`, '--upstream', `ws://${name}:${port}/`], { encoding: 'utf8', stdio: 'pipe' }),
      (error) => error.status === 2 && /the upstream is the relay itself/.test(error.stderr),
      name,
    )
  }
})
