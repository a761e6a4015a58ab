// Builds the page: node page/build.mjs
//
// page/dist then holds what the server serves under /_weft/: the scripts, the style sheet, the icon, index.html and the
// WebAssembly module, each with a .br and a .gz beside it so that nothing is compressed while somebody waits.

import { build } from 'esbuild'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const here = fileURLToPath(new URL('.', import.meta.url))
const dist = join(here, 'dist')
const bridge = join(here, '../jsbridge/dist')

for (const file of ['index.js', 'provider.wasm']) {
  if (!existsSync(join(bridge, file))) {
    console.error(`page/build.mjs: jsbridge/dist/${file} is missing; build the provider first: npm run build -w jsbridge`)
    process.exit(1)
  }
}

await clean()

const common = { bundle: true, minify: true, outdir: dist, target: ['chrome123', 'firefox121', 'safari17.5'], logLevel: 'warning' }
// page.js connects, editor.js is CodeMirror, chunk.js is what both need: index.html names all three.
await build({
  ...common,
  entryPoints: [join(here, 'src/page.ts')],
  format: 'esm',
  splitting: true,
  chunkNames: '[name]',
  external: ['./offline.js'], // the page keeps nothing in the browser
})
await build({ ...common, entryPoints: [join(here, 'src/theme.ts')], format: 'iife' })
await build({ ...common, entryPoints: [join(here, 'page.css')] })
for (const file of ['index.html', 'icon.svg']) await copyFile(join(here, file), join(dist, file))
await copyFile(join(bridge, 'provider.wasm'), join(dist, 'provider.wasm'))

await compress()

async function clean() {
  await mkdir(dist, { recursive: true })
  for (const name of await readdir(dist)) {
    if (name !== '.gitkeep') await rm(join(dist, name), { recursive: true })
  }
}

async function compress() {
  const brotli = promisify(brotliCompress)
  const zip = promisify(gzip)
  const rows = []
  for (const name of (await readdir(dist)).sort()) {
    if (name === '.gitkeep') continue
    const raw = await readFile(join(dist, name))
    const br = await brotli(raw, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    })
    const gz = await zip(raw, { level: 9 })
    await writeFile(join(dist, `${name}.br`), br)
    await writeFile(join(dist, `${name}.gz`), gz)
    rows.push({ file: name, bytes: raw.length, gzip: gz.length, brotli: br.length })
  }
  console.table(rows)
}
