// The page for everybody: with a keyboard, with a screen reader, with little contrast vision, on a phone, without motion.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launchBrowser, openPage } from '../kit/browser.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const sample = `# Field notes

The **weft** is the thread that is *drawn across*. See [the loom](https://example.org).

> We keep what was written, whoever wrote it.

- Write \`weft serve\` and open the address in two windows
- ~~Wait~~
`

describe('the page is for everybody', () => {
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

  // A document with text, and somebody else in it.
  async function open(document, options) {
    const other = await (await openPage(browser, `${server.url}/${document}`)).synced()
    await other.content.click()
    await other.page.keyboard.insertText(sample)
    await other.page.keyboard.press('Shift+ArrowUp')
    const page = await (await openPage(browser, `${server.url}/${document}`, options)).synced()
    await until('the other is there', async () => (await page.page.locator('.peer-flag').count()) === 1)
    return page
  }

  test('landmarks, headings and names', async () => {
    const page = await open('names')
    const cdp = await page.context.newCDPSession(page.page)
    const { nodes } = await cdp.send('Accessibility.getFullAXTree')
    const shown = nodes.filter((node) => !node.ignored)
    const role = (name) => shown.filter((node) => node.role?.value === name)
    assert.equal(role('banner').length, 1)
    assert.equal(role('main').length, 1)
    assert.equal(shown.filter((node) => node.role?.value === 'heading' && prop(node, 'level') === 1).length, 1)
    assert.equal(role('status').length, 1, 'one live region')
    assert.equal(await page.page.getAttribute('html', 'lang'), 'en')
    for (const kind of ['button', 'link', 'textbox', 'progressbar', 'dialog', 'group']) {
      for (const node of role(kind)) assert.ok(node.name?.value, `a ${kind} without a name: ${JSON.stringify(node.name)}`)
    }
    assert.ok(role('button').length >= 5)
    assert.ok(!shown.some((node) => node.role?.value === 'image' && !node.name?.value), 'an image without a name')

    // A field with its label, once the panel is open.
    await page.page.getByRole('button', { name: /people here/ }).click()
    assert.ok(await page.page.getByRole('dialog', { name: 'People here' }).isVisible())
    assert.ok(await page.page.getByRole('textbox', { name: 'Your name, as others see it' }).isVisible())
    await page.page.keyboard.press('Escape')
    assert.ok(await page.page.getByRole('dialog', { name: 'People here' }).isHidden())
  })

  test('everything can be reached with the keyboard, in order, and shows that it is', async () => {
    const page = await open('keys')
    await page.page.evaluate(() => document.activeElement.blur())
    const order = []
    for (let i = 0; i < 12; i++) {
      await page.page.keyboard.press('Tab')
      const at = await page.page.evaluate(focusSeen)
      if (!at) break
      assert.ok(at.visible, `${at.name} has focus and does not show it`)
      order.push(at.name)
      if (at.name === 'text') break
    }
    assert.deepEqual(order, ['skip', 'theme', 'new', 'copy', 'people', 'text'])

    await page.page.keyboard.press('Shift+Tab')
    assert.equal((await page.page.evaluate(focusSeen)).name, 'people', 'the editor lets the focus go')

    await page.page.evaluate(() => document.querySelector('.skip').focus())
    await page.page.keyboard.press('Enter')
    await until('the skip link leads to the text', async () => (await page.page.evaluate(focusSeen))?.name === 'text')
  })

  test('a screen reader hears of the connection and of people, once', async () => {
    const page = await open('heard')
    const live = () => page.page.locator('#live').textContent()
    await until('that it is in sync, and who is here', async () => /Synced\..*Here with you: /s.test(await live()))
    await server.stop()
    await until('that it is not any more', async () => /Offline\. .*kept in this tab/s.test(await live()))
    await server.start()
    await until('that it is again', async () => /Synced/.test(await live()))
  })

  for (const colorScheme of ['light', 'dark']) {
    test(`text has enough contrast in the ${colorScheme} theme`, async () => {
      const page = await open(`contrast-${colorScheme}`, { colorScheme })
      await page.page.getByRole('button', { name: /people here/ }).click()
      await page.screenshot(`desktop-${colorScheme}`)
      const weak = await page.page.evaluate(weakContrast)
      assert.deepEqual(weak, [])
    })

    test(`fits a phone in the ${colorScheme} theme`, async () => {
      const page = await open(`phone-${colorScheme}`, { colorScheme, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 })
      await page.screenshot(`phone-${colorScheme}`)
      for (const width of [390, 320]) {
        await page.page.setViewportSize({ width, height: 700 })
        assert.ok(await page.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `no sideways scrolling at ${width}`)
      }
      const small = await page.page.evaluate(() =>
        [...document.querySelectorAll('button, a.icon')]
          .map((element) => [element.id, element.getBoundingClientRect()])
          .filter(([, box]) => box.width > 0 && (box.width < 32 || box.height < 32))
          .map(([id]) => id),
      )
      assert.deepEqual(small, [], 'large enough for a finger')
    })
  }

  test('nothing moves for those who want no motion', async () => {
    const page = await openPage(browser, `${server.url}/still`, {
      reducedMotion: 'reduce',
      before: (page) => page.routeWebSocket(/still/, () => {}), // for ever loading
    })
    await until('the loading bar', () => page.page.getByRole('progressbar').isVisible(), { within: 3000 })
    const moving = await page.page.evaluate(() =>
      document.getAnimations().filter((animation) => animation.playState === 'running').map((animation) => animation.animationName),
    )
    assert.deepEqual(moving, [])
  })
})

function prop(node, name) {
  return node.properties?.find((property) => property.name === name)?.value.value
}

// In the page: what has the focus, and whether one can see that.
function focusSeen() {
  const element = document.activeElement
  if (!element || element === document.body) return null
  const style = getComputedStyle(element)
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  const text = element.classList.contains('cm-content')
  const sheet = getComputedStyle(document.getElementById('text')).borderTopColor
  const edge = getComputedStyle(document.documentElement).getPropertyValue('--edge')
  return { name: element.id || (text ? 'text' : element.className), visible: outlined || (text && sheet !== edge) }
}

// In the page: pieces of text with less contrast to what is behind them than WCAG's AA asks for.
function weakContrast() {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })
  // Paints the colors above each other, the last on top, and reads what is seen.
  const seen = (colors) => {
    context.clearRect(0, 0, 1, 1)
    for (const color of colors) {
      context.fillStyle = color
      context.fillRect(0, 0, 1, 1)
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    const colors = []
    for (let at = element; at; at = at.parentElement) colors.unshift(getComputedStyle(at).backgroundColor)
    return ['white', ...colors]
  }
  const weak = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.replace(/[\s\u2060]/g, '')
    const element = texts.currentNode.parentElement
    if (!text || element.closest('noscript, .unseen, .skip, :disabled') || !element.checkVisibility({ visibilityProperty: true })) continue
    const style = getComputedStyle(element)
    const back = behind(element)
    const [low, high] = [luminance(seen(back)), luminance(seen([...back, style.color]))].sort((a, b) => a - b)
    const ratio = (high + 0.05) / (low + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) weak.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`)
  }
  return weak
}
