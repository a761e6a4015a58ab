// Two people in two browsers on one document: both type at once, the server is stopped and started in between, one goes
// offline and comes back. Both end with the same text, and so do a third and the store.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launchBrowser, openPage } from '../kit/browser.mjs'
import { readFresh } from '../kit/peers.mjs'
import { openProxy } from '../kit/proxy.mjs'
import { types } from '../kit/same.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const document = 'field-notes'

test('two pages, a server that restarts, a page that goes offline', async (t) => {
  const server = await startServer(t)
  const browser = await launchBrowser(t)
  // One page reaches the server through a proxy: Chromium's own offline switch leaves open sockets alone.
  const network = await openProxy(t, server)
  const ada = await openPage(browser, `${network.url}/${document}`)
  const grace = await openPage(browser, `${server.url}/${document}`)
  const pages = [ada, grace]
  await Promise.all(pages.map((page) => page.synced()))
  const same = (what) =>
    until(`${what}: the same text on both pages`, async () => {
      const [left, right] = await Promise.all([ada.text(), grace.text()])
      return left === right && left
    })

  await t.test('each sees what the other types while typing', async () => {
    await ada.content.click()
    await ada.page.keyboard.type('Ada was here first.\n\n')
    await grace.hasText('Ada was here first.\n\n')
    await grace.caretAtEnd()
    // Both at once: Ada at the beginning, Grace at the end.
    await ada.page.keyboard.press('Control+Home')
    await Promise.all([typeSlowly(ada, 'On the left. '), typeSlowly(grace, 'On the right.')])
    assert.equal(await same('typing at once'), 'On the left. Ada was here first.\n\nOn the right.')
  })

  await t.test('each sees the other’s name and caret', async () => {
    for (const [one, other] of [[ada, grace], [grace, ada]]) {
      const name = await ownName(other)
      await until('the other is in the list', async () => (await people(one)).includes(name))
      assert.equal(await one.page.locator('.peer-caret').count(), 1)
      assert.equal(await one.page.locator('.peer-flag').textContent(), name)
    }
  })

  await t.test('the server stops and starts while both type', async () => {
    const typing = Promise.all([typeSlowly(ada, 'Ada does not stop. '), typeSlowly(grace, ' Neither does Grace.')])
    await server.stop()
    await typing
    for (const page of pages) {
      await page.status('offline')
      await page.page.keyboard.type('!')
      assert.equal(await page.state('unsent'), 'true')
      assert.match(await page.page.locator('#notice').innerText(), /kept in this tab and are sent when the connection is back/)
    }
    await ada.screenshot('offline')
    await server.start()
    await Promise.all(pages.map((page) => page.synced()))
    assert.equal(
      await same('after the restart'),
      'On the left. Ada does not stop. !Ada was here first.\n\nOn the right. Neither does Grace.!',
    )
    for (const page of pages) {
      assert.equal(await page.state('unsent'), 'false')
      assert.ok(await page.page.locator('#notice').isHidden())
    }
  })

  await t.test('one page is offline, both go on, and it comes back', async () => {
    await ada.context.setOffline(true)
    network.cut()
    await ada.status('offline')
    await Promise.all([typeSlowly(ada, '(offline) '), typeSlowly(grace, ' (online)')])
    assert.notEqual(await ada.text(), await grace.text())
    await grace.synced()
    assert.equal(await ada.state('status'), 'offline')

    await ada.context.setOffline(false)
    await ada.synced()
    assert.equal(
      await same('after coming back'),
      'On the left. Ada does not stop. !(offline) Ada was here first.\n\nOn the right. Neither does Grace.! (online)',
    )
  })

  await t.test('a third page and the store have it too', async () => {
    const text = await same('at the end')
    const third = await openPage(browser, `${server.url}/${document}`)
    await third.synced()
    await third.hasText(text)
    for (const page of [...pages, third]) {
      assert.deepEqual(page.surprises, [])
      await page.page.close({ runBeforeUnload: false })
    }
    await server.restart()
    const stored = await readFresh('y-websocket', server.socketURL, document)
    assert.equal(types(stored).text.toString(), text)
  })
})

// A person types with pauses; these make the typing of both overlap.
function typeSlowly(page, text) {
  return page.page.keyboard.type(text, { delay: 25 })
}

function ownName(page) {
  return page.page.locator('#people-list li', { has: page.page.locator('.you') }).locator('.who').textContent()
}

function people(page) {
  return page.page.locator('#people-list .who').allTextContents()
}
