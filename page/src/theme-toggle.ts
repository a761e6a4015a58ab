// The button that changes between light and dark. A choice that agrees with the system's is forgotten again, and the page
// follows the system from then on.

import { always } from './remember'

export function themeToggle(button: HTMLButtonElement): void {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  const shown = () => root.dataset.theme ?? (system.matches ? 'dark' : 'light')
  const label = () => {
    const text = shown() === 'dark' ? 'Use the light theme' : 'Use the dark theme'
    button.setAttribute('aria-label', text)
    button.title = text
  }
  button.addEventListener('click', () => {
    const next = shown() === 'dark' ? 'light' : 'dark'
    if (next === (system.matches ? 'dark' : 'light')) {
      delete root.dataset.theme
      always.set('theme', null)
    } else {
      root.dataset.theme = next
      always.set('theme', next)
    }
    label()
  })
  system.addEventListener('change', label)
  label()
}
