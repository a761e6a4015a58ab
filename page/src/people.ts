// Who is here, read from awareness states. States come from other clients and may hold anything.

import type { Awareness } from 'y-protocols/awareness'
import { hueOf } from './hues'

/** Longest name shown, in UTF-16 units; longer ones are cut. */
export const nameLimit = 40

export interface Person {
  client: number
  name: string
  /** Index into hues. */
  hue: number
  /** Whether this is the person at this page. */
  self: boolean
}

/** Everybody who says who they are, oneself first, then by name. */
export function people(awareness: Awareness): Person[] {
  const list: Person[] = []
  for (const [client, state] of awareness.getStates()) {
    if (field(state, 'user')) list.push(personFrom(client, state, client === awareness.clientID))
  }
  return list.sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name) || a.client - b.client)
}

/** The person in one awareness state; a state that names none is someone's all the same. */
export function personFrom(client: number, state: unknown, self: boolean): Person {
  const user = field(state, 'user')
  return { client, name: cleanName(field(user, 'name')) || 'Someone', hue: hueOf(field(user, 'color'), client), self }
}

/** One line, without leading and trailing space, within the limit; "" if nothing is left. */
export function cleanName(name: unknown): string {
  if (typeof name !== 'string') return ''
  const line = name.slice(0, 4 * nameLimit).replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length <= nameLimit ? line : `${line.slice(0, nameLimit - 1).trimEnd()}…`
}

/** One or two letters for an avatar. */
export function initials(name: string): string {
  const words = name.split(' ')
  const first = firstLetter(words[0]!)
  const last = words.length > 1 ? firstLetter(words[words.length - 1]!) : ''
  return (first + last).toUpperCase()
}

function firstLetter(word: string): string {
  return String.fromCodePoint(word.codePointAt(0) ?? 0x3f)
}

/** A property of something that may be anything. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}
