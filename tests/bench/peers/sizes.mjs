// What a page downloads of weft, in bytes: provider.wasm and the bridge's own
// JavaScript (yjs, y-protocols and lib0 are the page's), minified and
// compressed as a web server does ahead of time.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = path => fileURLToPath(new URL(path, import.meta.url))

const sizes = bytes => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, { params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length
  } }).length
})

const { outputFiles: [bridge] } = await build({
  entryPoints: [here('../../../jsbridge/dist/index.js')],
  bundle: true, minify: true, write: false, format: 'esm', target: 'es2022', packages: 'external', legalComments: 'none'
})
console.log(JSON.stringify({
  module: sizes(await readFile(here('../../../jsbridge/dist/provider.wasm'))),
  bridge: sizes(bridge.contents)
}))
