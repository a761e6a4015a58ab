// What the page remembers between visits. A browser may refuse storage (private windows, blocked cookies); the page then
// works the same and forgets.

/** Kept for all windows of this browser until cleared. */
export const always = memory(() => localStorage)

/** Kept for this window, also when it is reloaded. */
export const thisWindow = memory(() => sessionStorage)

export interface Memory {
  get(key: string): string | null
  /** Null forgets. */
  set(key: string, value: string | null): void
}

function memory(storage: () => Storage): Memory {
  return {
    get(key) {
      try {
        return storage().getItem(`weft.${key}`)
      } catch {
        return null
      }
    },
    set(key, value) {
      try {
        if (value === null) storage().removeItem(`weft.${key}`)
        else storage().setItem(`weft.${key}`, value)
      } catch {
        // Not remembered.
      }
    },
  }
}
