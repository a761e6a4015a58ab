// The parts of index.html by id. A missing one is a fault of the page itself and is worth failing for at once.

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`index.html has no #${id}`)
  return found as T
}
