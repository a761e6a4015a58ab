// What the page says and does in each state. The states that a healthy server does not produce are played to the page by
// standing in for its WebSocket.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as Y from 'yjs'
import { launchBrowser, openPage, openTab } from '../kit/browser.mjs'
import { openPeer } from '../kit/peers.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

describe('the page', () => {
  const endings = []
  const suite = { after: (fn) => endings.push(fn) }
  let server
  let browser

  before(async () => {
    server = await startServer(suite)
    browser = await launchBrowser(suite)
  })
  after(async () => {
    for (const end of endings.reverse()) await end()
  })

  const open = (document, options) => openPage(browser, `${server.url}/${document}`, options)

  test('shows the document’s name, decoded', async () => {
    const page = await (await open('team/caf%C3%A9%20notes')).synced()
    assert.equal(await page.page.title(), 'team/café notes · weft')
    assert.equal(await page.page.getByRole('heading', { level: 1 }).textContent(), 'team/café notes')
    assert.deepEqual(page.faults, [])
  })

  test('says that loading takes time when it does', async () => {
    const page = await open('slow', {
      before: (page) => page.routeWebSocket(/slow/, () => {}), // open, and silent
    })
    await page.status('connected')
    const bar = page.page.getByRole('progressbar')
    assert.ok(await bar.isHidden(), 'not at once')
    await until('the loading bar', () => bar.isVisible(), { within: 3000 })
    assert.ok(await page.page.getByText('Loading the document…').isVisible())
    await page.screenshot('loading')
  })

  test('says nothing of loading when it is quick', async () => {
    const page = await (await open('quick')).synced()
    assert.ok(await page.page.getByRole('progressbar').isHidden())
    assert.match(await page.content.textContent(), /Everyone with the link/)
    assert.equal(await page.page.evaluate(() => document.activeElement.className.includes('cm-content')), true, 'ready to type')
    await page.screenshot('empty')
  })

  const refusals = { 4400: /did not understand/, 4403: /does not let you.*“members only”/s, 4499: /code 4499/ }
  for (const [code, words] of Object.entries(refusals)) {
    test(`close code ${code} is the end, and the page says why`, async () => {
      let attempts = 0
      const page = await open('refused', {
        before: (page) =>
          page.routeWebSocket(/refused/, (socket) => {
            attempts++
            socket.close({ code: Number(code), reason: 'members only' })
          }),
      })
      await page.status('refused')
      assert.match(await page.page.locator('#notice').innerText(), words)
      assert.equal(await page.content.getAttribute('aria-readonly'), 'true')
      assert.equal(attempts, 1)
      if (code === '4403') await page.screenshot('refused')
      await page.page.getByRole('button', { name: 'Try again' }).click()
      await until('another attempt, because it was asked for', () => attempts === 2)
    })
  }

  test('close code 4503 is tried again, and the page says that the document could not be loaded', async () => {
    let attempts = 0
    const page = await open('broken', {
      before: (page) =>
        page.routeWebSocket(/broken/, (socket) => {
          attempts++
          socket.close({ code: 4503, reason: 'quarantined' })
        }),
    })
    await page.status('offline')
    assert.match(await page.page.locator('#notice').innerText(), /could not load this document.*kept in this tab/s)
    await until('it is tried again', () => attempts >= 2)
  })

  test('keeps a chosen name, and shows it to others', async () => {
    const one = await (await open('names')).synced()
    const other = await (await open('names')).synced()
    await one.page.getByRole('button', { name: /people? here/ }).click()
    await one.page.getByRole('textbox', { name: /^Your name/ }).fill('  Ada   Lovelace ')
    await one.screenshot('people')
    await one.page.keyboard.press('Enter')
    await until('the other sees it', async () => (await other.page.locator('#people-list').innerText()).includes('Ada Lovelace'))
    await one.page.reload()
    await one.synced()
    await one.page.getByRole('button', { name: /people? here/ }).click()
    assert.equal(await one.page.getByRole('textbox', { name: /^Your name/ }).inputValue(), 'Ada Lovelace')
    for (const page of [one, other]) assert.deepEqual(page.faults, [])
  })

  test('what others call themselves is text and never more', async () => {
    const evil = await (await open('names-2')).synced()
    const victim = await (await open('names-2')).synced()
    const name = '<img src=x onerror=alert(1)>'
    await evil.page.getByRole('button', { name: /people? here/ }).click()
    await evil.page.getByRole('textbox', { name: /^Your name/ }).fill(name)
    await evil.page.keyboard.press('Enter')
    await evil.content.click()
    await evil.page.keyboard.type('x')
    await until('it arrives', async () => (await victim.page.locator('.peer-flag').textContent()) === name)
    assert.equal(await victim.page.locator('[onerror]').count(), 0)
    assert.deepEqual(victim.faults, [])
  })

  test('nonsense in somebody’s presence costs the others nothing', async (t) => {
    const page = await (await open('nonsense')).synced()
    const evil = await openPeer(t, 'y-websocket', server.socketURL, 'nonsense').synced()
    const good = await openPeer(t, 'y-websocket', server.socketURL, 'nonsense').synced()
    const text = good.doc.getText('content')
    text.insert(0, 'some text')
    const place = (at) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at))
    const id = { client: 1, clock: 99 }
    const states = [
      { user: 'me', cursor: 5 },
      { user: { name: 5, color: 'red;background:url(//evil.example)' }, cursor: { anchor: 'a', head: null } },
      { user: { name: { a: 1 } }, cursor: { anchor: { item: id }, head: { item: { client: 'x', clock: {} } } } },
      { user: [], cursor: { anchor: { tname: 7 }, head: { type: { client: -1, clock: 1.5 } } } },
      { user: { name: '\u202e\n\t ' }, cursor: { anchor: { type: id }, head: { tname: 'another', assoc: 'x' } } },
      { user: { name: 'x'.repeat(5000) }, cursor: { anchor: place(0), head: { item: id, assoc: -1 } } },
    ]
    for (const [i, state] of states.entries()) {
      evil.awareness.setLocalState(state)
      good.awareness.setLocalState({ user: { name: `Good ${i}`, color: '#0B6B5D' }, cursor: { anchor: place(i), head: place(i + 1) } })
      await until('the good one’s caret is still drawn', async () => (await page.page.locator('.peer-flag').allTextContents()).includes(`Good ${i}`))
    }
    assert.equal(await page.page.locator('.peer-caret.hue-3').count(), 1, 'in the colour that was announced')
    assert.equal(await page.page.locator('[style*=evil]').count(), 0)
    assert.deepEqual(page.faults, [])
  })

  test('asks before it is closed with edits that were not sent, and only then', async () => {
    const page = await (await open('leaving', { before: (page) => page.routeWebSocket(/leaving/, refuseSecond()) })).synced()
    const asked = []
    page.page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      return dialog.accept()
    })
    await page.content.click()
    await page.page.keyboard.type('sent')
    await page.page.reload()
    assert.deepEqual(asked, [], 'everything was sent')
    await page.status('offline')
    await page.content.click()
    await page.page.keyboard.type('not sent')
    await page.page.reload()
    assert.deepEqual(asked, ['beforeunload'])
  })

  test('remembers a theme that differs from the system’s, and forgets one that does not', async () => {
    const page = await (await open('theme')).synced()
    const paper = () => page.page.evaluate(() => getComputedStyle(document.getElementById('text')).backgroundColor)
    const light = await paper()
    await page.page.getByRole('button', { name: 'Use the dark theme' }).click()
    const dark = await paper()
    assert.notEqual(dark, light)
    await page.page.reload()
    assert.equal(await paper(), dark, 'remembered')
    await page.page.getByRole('button', { name: 'Use the light theme' }).click()
    assert.equal(await paper(), light)
    await page.page.emulateMedia({ colorScheme: 'dark' })
    assert.equal(await paper(), dark, 'follows the system again')
  })

  test('copies the link and leads to a new document', async () => {
    const page = await (await open('links')).synced()
    await page.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.page.getByRole('button', { name: 'Copy link' }).click()
    await until('it says so', async () => (await page.page.locator('#copy').innerText()).includes('Copied'))
    assert.equal(await page.page.evaluate(() => navigator.clipboard.readText()), `${server.url}/links`)
    await page.page.getByRole('link', { name: 'New document' }).click()
    await page.page.waitForURL((url) => /^\/[a-z]+-[a-z]+-[a-z0-9]{8}$/.test(url.pathname))
    await page.synced()
    assert.equal(await page.text(), '')
    assert.deepEqual(page.faults, [])
  })

  test('undoes what this person wrote and nothing else', async () => {
    const mine = await (await open('undo')).synced()
    await mine.content.click()
    await mine.page.keyboard.type('mine')
    const theirs = await (await open('undo')).synced()
    await theirs.caretAtEnd()
    await theirs.page.keyboard.type(' and theirs')
    await mine.hasText('mine and theirs')
    await mine.page.keyboard.press('Control+z')
    await theirs.hasText(' and theirs')
    assert.ok(await mine.page.getByRole('button', { name: 'Undo' }).isDisabled(), 'nothing of this person’s is left to undo')
    await mine.page.getByRole('button', { name: 'Redo' }).click()
    await theirs.hasText('mine and theirs')
  })

  test('carriage returns of other programs do not shift what is written behind them', async (t) => {
    const other = await openPeer(t, 'y-websocket', server.socketURL, 'windows').synced()
    const text = other.doc.getText('content')
    text.insert(0, 'one\r\ntwo\rthree')
    const page = await (await open('windows')).synced()
    await page.caretAtEnd()
    await page.page.keyboard.type('!')
    await until('it is at the end there too', () => text.toString() === 'one\r\ntwo\rthree!')
    text.insert(5, 'and ')
    await until('and the other way round', async () => (await page.text()).includes('\nand two'))
    assert.deepEqual(page.faults, [])
  })

  test('what is pasted has the line ends of the text', async () => {
    const page = await (await open('pasted')).synced()
    await page.content.click()
    await page.page.evaluate(() => {
      const data = new DataTransfer()
      data.setData('text/plain', 'one\r\ntwo\rthree')
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await page.hasText('one\ntwo\nthree')
  })

  test('two tabs of one browser share a document too', async () => {
    const one = await (await open('tabs')).synced()
    const two = await (await openTab(one.context, `${server.url}/tabs`)).synced()
    await one.content.click()
    await one.page.keyboard.type('from the first tab')
    await two.hasText('from the first tab')
    const names = await two.page.locator('#people-list .who').allTextContents()
    assert.equal(new Set(names).size, 2, 'each tab is somebody')
    for (const page of [one, two]) assert.deepEqual(page.faults, [])
  })
})

// Lets the first connection through to the server, and no other.
function refuseSecond() {
  let first = true
  return (socket) => {
    if (first) socket.connectToServer()
    else socket.close({ code: 1013 })
    first = false
  }
}
