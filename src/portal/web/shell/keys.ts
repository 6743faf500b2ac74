// The keyboard: what is pressed anywhere but in a field. `g` and a letter go to a page.
import { useEffect } from 'react'

const chordMsMax = 1000
export const isMac = navigator.platform.startsWith('Mac')
/** As people on this machine call it. */
export const modKey = isMac ? '⌘' : 'Ctrl'

export interface Shortcuts {
  readonly palette: () => void
  readonly help: () => void
  /** By the letter behind `g`. */
  readonly go: Readonly<Record<string, () => void>>
}

export function useShortcuts(shortcuts: Shortcuts): void {
  useEffect(() => {
    let goAtMs = -chordMsMax
    function onKey(event: KeyboardEvent): void {
      const hasMod = event.metaKey || event.ctrlKey
      if (hasMod && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        shortcuts.palette()
        return
      }
      if (hasMod || event.altKey || isTyping(event.target)) return
      const go = event.timeStamp - goAtMs < chordMsMax ? shortcuts.go[event.key] : undefined
      goAtMs = event.key === 'g' ? event.timeStamp : -chordMsMax
      if (go !== undefined) go()
      else if (event.key === '?') shortcuts.help()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [shortcuts])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('dialog') !== null
  )
}
