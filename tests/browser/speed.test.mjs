// How long it takes from the fetch of the module to its first call, in a browser that has nothing cached.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launchBrowser, openPage } from '../kit/browser.mjs'
import { startServer } from '../kit/server.mjs'

// In ms. Printed beside what was measured and asserted nowhere: how fast a machine is proves nothing of the program.
const target = 60
const loads = 9

test('the module arrives compressed, and is called soon after it is fetched', async (t) => {
  const server = await startServer(t)
  const browser = await launchBrowser(t)
  const times = []
  for (let i = 0; i < loads; i++) {
    const page = await openPage(browser, `${server.url}/speed`, { before: (page) => page.addInitScript(markDial) })
    await page.synced()
    times.push(await page.page.evaluate(measure))
    await page.context.close()
  }
  const best = (from) => {
    const all = times.map((time) => time.dial - time[from]).sort((a, b) => a - b)
    return `best ${all[0].toFixed(1)} ms, median ${all[loads >> 1].toFixed(1)} ms`
  }
  t.diagnostic(`from the fetch of the module to its first call: ${best('asked')} of ${loads}; target ${target} ms`)
  t.diagnostic(`from the first byte that was asked for ahead of the scripts: ${best('preloaded')}; from opening the page: ${best('opened')}`)
  for (const { transferred } of times) assert.ok(transferred > 0 && transferred < 400_000, `${transferred} bytes: compressed`)
})

// In the page, before anything else: notes when the provider fetches the module and when, told to by the module, it first
// opens a connection. That is after the first calls, so what is measured is rather too much than too little.
function markDial() {
  const { fetch } = window
  window.fetch = (input, options) => {
    if (String(input).endsWith('/provider.wasm')) performance.mark('fetch')
    return fetch(input, options)
  }
  const Socket = window.WebSocket
  window.WebSocket = class extends Socket {
    constructor(...args) {
      if (performance.getEntriesByName('dial').length === 0) performance.mark('dial')
      super(...args)
    }
  }
}

function measure() {
  const [file] = performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('/provider.wasm'))
  return {
    opened: performance.getEntriesByType('navigation')[0].fetchStart,
    preloaded: file.fetchStart,
    asked: performance.getEntriesByName('fetch')[0].startTime,
    transferred: file.encodedBodySize,
    dial: performance.getEntriesByName('dial')[0].startTime,
  }
}
