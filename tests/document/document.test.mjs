// node --test tests/document: the stored scripts are what generate.mjs makes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate, stored } from './generate.mjs'

test('the stored scripts are reproduced, byte for byte', () => {
  const made = generate().split('\n')
  const kept = stored().split('\n')
  let script = ''
  kept.forEach((line, i) => {
    if (line.startsWith('{"script"')) script = JSON.parse(line).script
    if (line !== made[i]) {
      assert.fail(`${script}, line ${i + 1}, ${line.slice(0, 60)}..., differs: run node tests/document/generate.mjs and read what changed`)
    }
  })
  assert.equal(made.length, kept.length, 'the number of steps')
})
