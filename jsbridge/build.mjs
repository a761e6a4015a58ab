// Builds the npm package into dist/: provider.wasm, index.js with what it loads later, and the types.
//
//   node build.mjs              everything
//   node build.mjs --no-wasm    all but the module, which needs Go
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: 'inherit' })

if (!process.argv.includes('--no-wasm')) {
  run('go', ['run', './wasm/build', '-o', 'jsbridge/dist/provider.wasm'], here('..'))
} else if (!existsSync(here('dist/provider.wasm'))) {
  throw new Error('dist/provider.wasm is missing: build without --no-wasm')
}

// Only what was built now may be in the package.
for (const name of await readdir(here('dist'))) {
  if (/\.(js|map|ts)$/.test(name)) await rm(here(`dist/${name}`))
}

await build({
  // Each an entry, so that its file has its name.
  entryPoints: ['index', 'offline'].map(name => here(`src/${name}.ts`)),
  outdir: here('dist'),
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  packages: 'external', // yjs, y-protocols and lib0 are the page's own
  sourcemap: true,
  sourcesContent: true,
  legalComments: 'none',
  logLevel: 'warning'
})

const tsc = here('../node_modules/typescript/bin/tsc')
run(process.execPath, [tsc, '-p', here('tsconfig.json')], here('.'))
