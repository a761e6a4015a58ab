// Bare connections, to send what no provider sends.

import { once } from 'node:events'
import { request } from 'node:http'
import WebSocket from 'ws'

/** An open WebSocket without a provider. */
export async function openSocket(t, url) {
  const socket = new WebSocket(url)
  t.after(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** Sends one frame and says how the server closed: its code and reason. Strings go as text frames. */
export async function closedFor(t, url, frame) {
  const socket = await openSocket(t, url)
  const signal = AbortSignal.timeout(10_000)
  const closed = once(socket, 'close', { signal })
  socket.send(frame, { binary: typeof frame !== 'string' })
  const [code, reason] = await closed
  return { code, reason: reason.toString() }
}

/**
 * A WebSocket handshake for a path as it is written here: unlike a WebSocket client's, it is not normalised on the way.
 * @returns {Promise<{ status: number, body: string }>} status 101 if the server accepted
 */
export function handshake(server, path) {
  return new Promise((resolve, reject) => {
    const req = request({
      host: '127.0.0.1',
      port: server.port,
      path,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    req.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, body: '' })
    })
    req.on('response', async (response) => {
      const chunks = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() })
    })
    req.on('error', reject)
    req.end()
  })
}
