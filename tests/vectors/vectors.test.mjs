// node --test tests/vectors: the stored vectors are what generate.mjs makes, and
// the random source is the one it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate, stored } from './generate.mjs'
import { Prng } from './prng.mjs'

test('the stored vectors are reproduced, byte for byte', () => {
  const made = generate().split('\n')
  const kept = stored().split('\n')
  assert.equal(made.length, kept.length, 'the number of cases')
  made.forEach((line, i) => {
    if (line !== kept[i]) {
      assert.fail(`case ${i}, ${kept[i].slice(0, 60)}..., differs: run node tests/vectors/generate.mjs and read what changed`)
    }
  })
})

test('the generator is seeded', () => {
  const words = seed => { const r = new Prng(seed); return [r.word(), r.word(), r.word()] }
  assert.deepEqual(words(1), words(1))
  assert.notDeepEqual(words(1), words(2))
})
