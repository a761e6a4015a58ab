// What the suites need from the machine. A suite that lacks something fails and says how to get it: a test that was not
// run must not look like one that passed.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The binary that is tested; WEFT_BIN names another one. */
export function weftBinary() {
  const file = process.env.WEFT_BIN ?? `${root}bin/weft`
  if (!existsSync(file)) throw new Error(`${file} is missing; build it first: make build`)
  return file
}

const built = new Map()

/** One of our examples, built once. */
export function exampleBinary(name) {
  if (!built.has(name)) {
    const file = `${root}build/${name}`
    execFileSync('go', ['build', '-o', file, `./examples/${name}`], { cwd: root, stdio: 'inherit' })
    built.set(name, file)
  }
  return built.get(name)
}

/** A Chromium or Chrome; CHROMIUM names another one. */
export function chromiumBinary() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
  for (const name of names) {
    try {
      return execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim()
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of ${names.join(', ')} is installed; run tests/browser/install-chromium`)
}

/** A module of npm or of this repository. */
export async function need(specifier, hint) {
  try {
    return await import(specifier)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`${specifier} cannot be loaded: ${hint}`, { cause: error })
  }
}
