// The page's small parts, without a browser.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need, root } from '../kit/need.mjs'

const { build } = await need('esbuild', 'npm ci')

async function part(name) {
  const { outputFiles } = await build({ entryPoints: [`${root}page/src/${name}.ts`], bundle: true, format: 'esm', write: false })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}

test('the address says which document and where the server is mounted', async () => {
  const { readAddress } = await part('address')
  const cases = [
    // page, module, mount, room, name, socket
    ['http://h:8787/notes', 'http://h:8787/_weft/page.js', '/', 'notes', 'notes', 'ws://h:8787/'],
    ['https://h/team/a%20b?x=1#y', 'https://h/_weft/page.js', '/', 'team/a%20b', 'team/a b', 'wss://h/'],
    ['https://h/docs/notes', 'https://h/docs/_weft/page.js', '/docs/', 'notes', 'notes', 'wss://h/docs/'],
    ['https://h/a/b/team/notes', 'https://h/a/b/_weft/chunk.js', '/a/b/', 'team/notes', 'team/notes', 'wss://h/a/b/'],
    ['http://h/100%', 'http://h/_weft/page.js', '/', '100%', '100%', 'ws://h/'],
    ['http://h/__proto__', 'http://h/_weft/page.js', '/', '__proto__', '__proto__', 'ws://h/'],
  ]
  for (const [page, module, mount, room, name, socket] of cases) {
    assert.deepEqual(readAddress(new URL(page), module), { mount, room, name, socket }, page)
  }
})

test('names are one line and not too long, and anything else is no name', async () => {
  const { cleanName, initials, nameLimit, personFrom } = await part('people')
  const cases = [
    ['Ada', 'Ada'],
    ['  Ada \n\t Lovelace ', 'Ada Lovelace'],
    ['\u202eevil\u0000', 'evil'],
    ['', ''],
    [' \u200b ', ''],
    [5, ''],
    [null, ''],
    [{ toString: () => 'x' }, ''],
  ]
  for (const [name, clean] of cases) assert.equal(cleanName(name), clean)
  assert.equal(cleanName('x'.repeat(10_000)).length, nameLimit)

  for (const [name, letters] of [['Ada Lovelace', 'AL'], ['ada', 'A'], ['Ada King of Lovelace', 'AL'], ['🧵 weft', '🧵W'], ['Someone', 'S']]) {
    assert.equal(initials(name), letters)
  }
  for (const state of [null, undefined, 5, 'x', [], {}, { user: null }, { user: { name: 7, color: {} } }]) {
    const person = personFrom(11, state, false)
    assert.equal(person.name, 'Someone')
    assert.ok(person.hue >= 0 && person.hue < 8)
  }
})

test('new documents have names that every rule of the server accepts', async () => {
  const { documentName, personName } = await part('words')
  const names = new Set(Array.from({ length: 1000 }, documentName))
  assert.equal(names.size, 1000)
  for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{10,250}$/)
  assert.match(personName(), /^[A-Z][a-z]+ [A-Z][a-z]+$/)
})

test('every state of the connection is worded, and says what becomes of the edits', async () => {
  const { wording } = await part('wording')
  const state = { phase: 'synced', code: 0, reason: '', seen: true, unsent: false }
  for (const phase of ['connecting', 'connected', 'synced']) assert.equal(wording({ ...state, phase }).detail, '')
  for (const code of [0, 1000, 1006, 1009, 1012, 4503]) {
    assert.match(wording({ ...state, phase: 'offline', code }).detail, /kept in this tab and are sent when the connection is back/)
  }
  for (const code of [4400, 4401, 4403, 4404, 4499]) {
    assert.match(wording({ ...state, phase: 'refused', code, unsent: true }).detail, /copy it before you close the page/)
    assert.doesNotMatch(wording({ ...state, phase: 'refused', code }).detail, /copy it/)
  }
})
