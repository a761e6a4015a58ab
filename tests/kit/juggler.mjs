// Juggler's npm clients, and examples/juggler to talk to.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { exampleBinary } from './need.mjs'
import { until } from './until.mjs'

// What the clients expect of a page.
globalThis.WebSocket ??= WebSocket
globalThis.document ??= new EventTarget()
globalThis.window ??= globalThis

/** The two kinds of clients, which cannot talk to each other's servers. */
export const versions = {
  '0.6': { transport: 'plain', module: await import('juggler-6') },
  '0.7': { transport: 'segmented', module: await import('juggler-7') },
}

/**
 * The example on a free port. It is stopped when the test ends.
 * @param {{ after(fn: () => unknown): void }} t
 * @param {string[]} args
 */
export async function startJuggler(t, ...args) {
  const child = spawn(exampleBinary('juggler'), ['-listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text))
  const exit = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    const [code, signal] = await exit
    if (code !== 0) throw new Error(`the example ended with ${signal ?? code}: ${log}`)
  }
  t.after(() => (child.exitCode ?? child.signalCode) === null && stop())
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = /^listening at (\S+),/.exec(line)
    return { url: `http://${address}`, socketURL: `ws://${address}/ws`, stop }
  }
  throw new Error(`the example did not start: ${log}`)
}

/** A connected client; everything that it tells is kept. */
export async function openJuggler(t, version, url, ...options) {
  const conn = new versions[version].module.Connection(url, ...options)
  const client = {
    conn,
    notifications: [],
    closes: 0,
    send: (name, data = null) => conn.send(name, data),
    /** The state is like the one that is wanted. */
    state: (what, holds) => until(what, () => holds(conn.state)),
  }
  conn.addEventListener('notify', ({ detail }) => client.notifications.push(detail))
  conn.addEventListener('close', () => client.closes++)
  t.after(() => conn.close())
  await until('the client is open', () => conn.readyState === WebSocket.OPEN, { unless: () => client.closes > 0 && 'it was closed' })
  return client
}
