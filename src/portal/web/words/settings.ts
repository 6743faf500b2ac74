// What the browser remembers for the person. Storage can be forbidden or full; that costs only the memory of it.
export function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function keepSetting(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // As above.
  }
}

const looks = new Set(['millpond.theme', 'millpond.language'])

/** Whoever comes next to this browser finds nothing of what was worked on; how things look stays. */
export function forgetWork(): void {
  try {
    for (const key of Object.keys(localStorage)) if (!looks.has(key)) localStorage.removeItem(key)
  } catch {
    // As above.
  }
}
