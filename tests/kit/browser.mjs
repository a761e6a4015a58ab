// Chromium and the page in it.

import { mkdir } from 'node:fs/promises'
import { chromiumBinary, need, root } from './need.mjs'
import { until } from './until.mjs'

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/** A browser that is closed when the test ends. */
export async function launchBrowser(t) {
  const { chromium } = await need('playwright-core', 'npm ci')
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: flags })
  t.after(() => browser.close())
  return browser
}

/**
 * A browser with a profile that outlives it, as a person's does; closed when the test ends.
 * @param {string} dir where the profile is kept
 * @returns {Promise<import('playwright-core').BrowserContext>}
 */
export async function launchProfile(t, dir) {
  const { chromium } = await need('playwright-core', 'npm ci')
  const context = await chromium.launchPersistentContext(dir, { executablePath: chromiumBinary(), args: flags })
  t.after(() => context.close())
  return context
}

/**
 * The page on one document, in a browser context of its own: another person with another browser.
 * @param {import('playwright-core').Browser} browser
 * @param {string} address
 * @param {import('playwright-core').BrowserContextOptions & { before?: (page: import('playwright-core').Page) => unknown }} [options]
 */
export async function openPage(browser, address, { before, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light', ...options })
  return openTab(context, address, before)
}

export async function openTab(context, address, before) {
  const page = new EditorPage(await context.newPage())
  await page.watch()
  await before?.(page.page)
  await page.page.goto(address)
  if (!(await page.state('status'))) throw new Error(`${address} is not the page: was it built before the binary? make build`)
  return page
}

export class EditorPage {
  /** Everything that went wrong: errors on the console, exceptions, violations of the content security policy. */
  faults = []

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page
  }

  get context() {
    return this.page.context()
  }

  /** Before the page is loaded. */
  async watch() {
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.faults.push(`${message.type()}: ${message.text()}`)
    })
    this.page.on('pageerror', (error) => this.faults.push(`exception: ${error.stack}`))
    await this.page.exposeBinding('reportViolation', (_source, text) => this.faults.push(`policy: ${text}`))
    await this.page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
      })
    })
  }

  /** Faults other than those of connections that a test took away itself. */
  get surprises() {
    return this.faults.filter((fault) => !/WebSocket connection to .* failed|net::ERR_(CONNECTION|INTERNET)/.test(fault))
  }

  get content() {
    return this.page.getByRole('textbox', { name: /^Text of / })
  }

  state(name) {
    return this.page.evaluate((name) => document.documentElement.dataset[name], name)
  }

  async synced(within) {
    await this.status('synced', within)
    return this
  }

  async status(status, within) {
    await until(`the page is ${status}`, async () => (await this.state('status')) === status, { within })
  }

  /** The text as it stands on the screen; only for texts that fit on it, the editor does not draw more. */
  text() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('.cm-line')]
        .map((line) => {
          const copy = line.cloneNode(true)
          for (const extra of copy.querySelectorAll('.peer-caret, .cm-placeholder')) extra.remove()
          return copy.textContent
        })
        .join('\n'),
    )
  }

  async hasText(text, within) {
    await until(`the page shows ${JSON.stringify(text)}`, async () => (await this.text()) === text, { within })
  }

  /** Puts the caret at the end of the text. */
  async caretAtEnd() {
    await this.content.focus()
    await this.page.keyboard.press('Control+End')
  }

  /** A picture for people to look at. */
  async screenshot(name) {
    await mkdir(`${root}build/screens`, { recursive: true })
    await this.page.screenshot({ path: `${root}build/screens/${name}.png`, animations: 'disabled' })
  }
}
