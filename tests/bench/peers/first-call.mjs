// How long Chromium takes from the fetch of provider.wasm to the end of the
// module's first call, in milliseconds, once for every line "load" that is read;
// to the line "version" it answers with the browser's.
//
//   node first-call.mjs http://127.0.0.1:PORT
//
// A fresh browser context each time, so nothing is cached; the server under
// test serves the file; the bridge's own loader fetches and starts it.
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { launchBrowser } from '../../kit/browser.mjs'

const url = process.argv[2]
const { outputFiles: [loader] } = await build({
  entryPoints: [fileURLToPath(new URL('../../../jsbridge/src/module.ts', import.meta.url))],
  bundle: true, write: false, format: 'iife', globalName: 'bridge', target: 'es2022', logLevel: 'error'
})

const endings = []
try {
  const browser = await launchBrowser({ after: end => endings.push(end) })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'version') {
      console.log(JSON.stringify({ version: browser.version() }))
      continue
    }
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${url}/_weft/healthz`)
    const ms = await page.evaluate(`(async () => {
      ${loader.text}
      const start = performance.now()
      const instance = await bridge.source('/_weft/provider.wasm').load()
      const handle = instance.open(30000, 30000, 0, 0)
      instance.step(handle, 1, 0, new Uint8Array(0)) // connect
      return performance.now() - start
    })()`)
    await context.close()
    console.log(JSON.stringify({ ms }))
  }
} finally {
  for (const end of endings) await end()
}
