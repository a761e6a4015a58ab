// Announcements for screen readers. The visible state may change several times within a second while a connection comes
// back; what is said is only what lasts.

const pause = 900 // ms

export class Announcer {
  #region: HTMLElement
  #waiting = new Map<string, string>()
  #said = new Map<string, string>()
  #timer = 0

  /** @param region an element with aria-live */
  constructor(region: HTMLElement) {
    this.#region = region
  }

  /** Says text after a moment, unless the same topic has something newer to say, or said the same last. */
  say(topic: string, text: string): void {
    this.#waiting.set(topic, text)
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#speak(), pause)
  }

  #speak(): void {
    const news = [...this.#waiting].filter(([topic, text]) => text !== '' && this.#said.get(topic) !== text)
    for (const [topic, text] of this.#waiting) this.#said.set(topic, text)
    this.#waiting.clear()
    if (news.length > 0) this.#region.textContent = news.map(([, text]) => text).join(' ')
  }
}
