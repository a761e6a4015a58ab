// A client that is alone in its room stays connected. y-websocket's provider closes a connection on which nothing came
// for 30 s, looking every 3 s; so this has to last longer than that, in real time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, openPeer } from '../kit/peers.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const lasts = 35_000 // ms

test(`a lonely client is not disconnected for ${lasts / 1000} s`, async (t) => {
  const server = await startServer(t)
  const peers = await Promise.all(
    kinds.flatMap((kind) => [
      openPeer(t, kind, server.socketURL, `alone-${kind}`).synced(),
      openPeer(t, kind, server.socketURL, `hidden-${kind}`).synced(),
    ]),
  )
  // A client without a state of its own does not even have an echo to live from.
  for (const peer of peers) if (peer.room.startsWith('hidden')) peer.awareness.setLocalState(null)

  const start = performance.now()
  await until('the time is over', () => performance.now() - start > lasts, {
    within: lasts + 5000,
    every: 250,
    unless: () => peers.find((peer) => peer.closes.length > 0) && 'a connection was closed',
  })
  for (const peer of peers) {
    assert.deepEqual(peer.closes, [], peer.name)
    assert.equal(peer.statuses.filter((status) => status === 'connected').length, 1, `${peer.name} connected once`)
    assert.ok(peer.provider.wsconnected, peer.name)
  }
})
