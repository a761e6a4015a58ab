// What is published: its size, its files, its types.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { promisify } from 'node:util'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { here } from './kit.mjs'

const run = promisify(execFile)

const sizes = bytes => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length
    }
  }).length
})

// Minified without yjs, y-protocols and lib0. What is loaded later, and only where it is asked for, counts by itself.
for (const [name, limit] of [['index', 6000], ['offline', 3000]]) {
  test(`${name}.js is at most ${limit} bytes of brotli`, async t => {
    const { outputFiles } = await build({
      entryPoints: [here(`../dist/${name}.js`)],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      packages: 'external',
      external: ['./offline.js'],
      write: false
    })
    const size = sizes(outputFiles[0].contents)
    t.diagnostic(JSON.stringify(size))
    assert(size.brotli <= limit, JSON.stringify(size))
  })
}

test('the module is at most 400,000 bytes of brotli, and the one that was built', async t => {
  const module = await readFile(here('../dist/provider.wasm'))
  const info = JSON.parse(await readFile(here('../dist/build-info.json')))
  t.diagnostic(`module: ${JSON.stringify(info)}`)
  assert.equal(createHash('sha256').update(module).digest('hex'), info.sha256, 'dist/provider.wasm is not what build-info.json describes')
  assert.equal(info.mode, 'strip')
  assert(info.brotli <= 400_000)
})

test('the package has one module, the bridge, and its types', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: here('..') })
  const [{ files, unpackedSize }] = JSON.parse(stdout)
  const paths = files.map(f => f.path).sort()
  assert.deepEqual(paths, [
    'LICENSE',
    'README.md',
    'dist/abi.d.ts',
    'dist/build-info.json',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/index.js.map',
    'dist/module.d.ts',
    'dist/offline.d.ts',
    'dist/offline.js',
    'dist/offline.js.map',
    'dist/provider.d.ts',
    'dist/provider.wasm',
    'package.json'
  ])
  assert(unpackedSize < 3_000_000, `${unpackedSize} bytes unpacked`)
})

test('applications written for y-websocket compile', async () => {
  const tsc = here('../../node_modules/typescript/bin/tsc')
  for (const project of ['..', 'consumer']) {
    await run(process.execPath, [tsc, '--noEmit', '-p', here(project)]).catch(e => assert.fail(e.stdout))
  }
})

test('bundlers find the module and ask for nothing of Node', async () => {
  for (const platform of ['browser', 'neutral']) {
    const { outputFiles, warnings } = await build({
      stdin: { contents: "export { WeftProvider } from '@weft-sync/provider'", resolveDir: here('.') },
      bundle: true,
      splitting: true,
      outdir: here('.'),
      format: 'esm',
      platform,
      mainFields: ['module', 'main'],
      conditions: ['import'],
      write: false,
      logLevel: 'silent'
    })
    assert.deepEqual(warnings, [])
    assert(outputFiles.some(file => /\/offline-[^/]*\.js$/.test(file.path)), 'a file of its own for what is loaded later')
    const text = outputFiles.map(file => file.text).join('\n')
    assert.match(text, /new URL\(["']\.\/provider\.wasm["'], import\.meta\.url\)/, 'the form that bundlers rewrite')
    assert.doesNotMatch(text, /import\(\s*["']node:/)
  }
})
