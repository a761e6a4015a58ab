// Directories for data that nobody needs afterwards.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function makeTempDir() {
  return mkdtemp(join(tmpdir(), 'weft-test-'))
}

export function removeDir(dir) {
  return rm(dir, { recursive: true, force: true, maxRetries: 5 })
}
