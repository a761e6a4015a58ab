// A site of an application's own, on another origin than the server: tests/kit/site with the package as it is published,
// bundled as an application would.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { need, root } from './need.mjs'

const html = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>site</title><body><script type="module" src="main.js"></script>'

/**
 * @param {{ after(fn: () => unknown): void }} t
 * @returns {Promise<{ url: string, address(server: { socketURL: string }, room: string, ...options: string[]): string }>}
 */
export async function serveSite(t) {
  const { build } = await need('esbuild', 'npm ci')
  const { outputFiles } = await build({
    entryPoints: [`${root}tests/kit/site/main.js`],
    outdir: '/',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  const files = new Map(outputFiles.map((file) => [file.path, [file.contents, 'text/javascript']]))
  files.set('/', [html, 'text/html'])
  files.set('/provider.wasm', [await readFile(`${root}jsbridge/dist/provider.wasm`), 'application/wasm'])
  const site = createServer((request, response) => {
    const [contents, type] = files.get(new URL(request.url, 'http://site').pathname) ?? []
    response.writeHead(contents ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(contents)
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.after(() => {
    site.closeAllConnections()
    site.close()
  })
  const url = `http://127.0.0.1:${site.address().port}/`
  return {
    url,
    address: (server, room, ...options) => `${url}?${new URLSearchParams({ socket: server.socketURL, room })}${options.map((name) => `&${name}`).join('')}`,
  }
}
