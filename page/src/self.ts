// The person at this page: a name and a hue, announced to the others.
//
// A chosen name is remembered for all windows of the browser. Until one is chosen each window has a random name of its
// own, so that two windows side by side are two people to look at.

import type { Awareness } from 'y-protocols/awareness'
import { hueOf, hues } from './hues'
import { cleanName, field } from './people'
import { always, thisWindow } from './remember'
import { below, personName } from './words'

export class Self {
  #awareness: Awareness
  #name: string
  #hue: number

  constructor(awareness: Awareness) {
    this.#awareness = awareness
    this.#name = cleanName(always.get('name')) || cleanName(thisWindow.get('name')) || personName()
    const hue = Number(thisWindow.get('hue') ?? NaN)
    this.#hue = Number.isInteger(hue) && hue >= 0 && hue < hues.length ? hue : below(hues.length)
    this.#keep()
    this.#announce()
    awareness.on('change', () => this.#makeWay())
  }

  get name(): string {
    return this.#name
  }

  /** Takes a chosen name; an empty one brings back a random name. */
  rename(name: string): void {
    const chosen = cleanName(name)
    always.set('name', chosen || null)
    this.#name = chosen || personName()
    this.#keep()
    this.#announce()
  }

  // Two people with one hue are told apart badly. The one with the larger client id takes a hue that nobody has; both
  // decide alike, so they do not change at the same time.
  #makeWay(): void {
    const taken = new Set<number>()
    let mine = false
    for (const [client, state] of this.#awareness.getStates()) {
      if (client === this.#awareness.clientID) continue
      const user = field(state, 'user')
      if (typeof user !== 'object' || user === null) continue
      const hue = hueOf(field(user, 'color'), client)
      taken.add(hue)
      if (hue === this.#hue && client < this.#awareness.clientID) mine = true
    }
    const free = hues.map((_, i) => i).filter((i) => !taken.has(i))
    if (!mine || free.length === 0) return
    this.#hue = free[below(free.length)]!
    this.#keep()
    this.#announce()
  }

  #keep(): void {
    thisWindow.set('name', this.#name)
    thisWindow.set('hue', String(this.#hue))
  }

  #announce(): void {
    const color = hues[this.#hue]!
    this.#awareness.setLocalStateField('user', { name: this.#name, color, colorLight: `${color}33` })
  }
}
