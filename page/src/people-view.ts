// Who is here: a stack of avatars in the header, and a panel with everybody's name where one's own can be changed.

import type { Awareness } from 'y-protocols/awareness'
import type { Announcer } from './announce'
import { element } from './element'
import { initials, people, type Person } from './people'
import type { Self } from './self'

const shown = 3 // avatars in the stack; more are a number

export function peopleView(awareness: Awareness, self: Self, announcer: Announcer): void {
  const button = element<HTMLButtonElement>('people')
  const list = element('people-list')
  const panel = element('people-panel')
  const form = element<HTMLFormElement>('name-form')
  const input = element<HTMLInputElement>('name')

  let drawn = ''
  const draw = () => {
    const here = people(awareness)
    // Awareness changes with every movement of a caret; the people seldom do.
    const key = JSON.stringify(here)
    if (key === drawn) return
    drawn = key
    const others = here.filter((person) => !person.self)
    const stack = here.slice(0, shown).map(avatar)
    if (here.length > shown) stack.push(more(here.length - shown))
    button.replaceChildren(...stack)
    button.setAttribute('aria-label', `${count(here.length)}. Show who, and change your name`)
    button.title = 'People here'
    list.replaceChildren(...here.map(entry))
    announcer.say('people', others.length === 0 ? 'You are alone here.' : `Here with you: ${names(others)}.`)
  }
  awareness.on('change', draw)
  draw()

  // Before it is shown, not after: what is typed at once must not be overwritten.
  panel.addEventListener('beforetoggle', () => {
    input.value = self.name
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    self.rename(input.value)
    input.value = self.name
    panel.hidePopover()
  })
}

function avatar(person: Person): HTMLElement {
  const span = document.createElement('span')
  span.className = `avatar hue-${person.hue}`
  span.textContent = initials(person.name)
  span.setAttribute('aria-hidden', 'true')
  return span
}

function more(count: number): HTMLElement {
  const span = document.createElement('span')
  span.className = 'avatar more'
  span.textContent = `+${Math.min(count, 99)}`
  return span
}

function entry(person: Person): HTMLElement {
  const item = document.createElement('li')
  const name = document.createElement('span')
  name.className = 'who'
  name.textContent = person.name
  item.append(avatar(person), name)
  if (person.self) {
    const you = document.createElement('span')
    you.className = 'you'
    you.textContent = 'you'
    item.append(you)
  }
  return item
}

function count(n: number): string {
  return n === 1 ? 'One person here' : `${n} people here`
}

function names(others: Person[]): string {
  const first = others.slice(0, 5).map((person) => person.name)
  if (others.length > 5) first.push(`${others.length - 5} more`)
  return first.join(', ')
}
