// Light, dark, or the system's choice. public/theme.js applies what is kept here before the first paint.
import { useSyncExternalStore } from 'react'

import { keepSetting, readSetting } from '../words/settings.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'millpond.theme'
const listeners = new Set<() => void>()

function currentTheme(): Theme {
  return themes.find((theme) => theme === readSetting(storageKey)) ?? 'system'
}

export function setTheme(theme: Theme): void {
  keepSetting(storageKey, theme)
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  for (const listener of listeners) listener()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentTheme)
}
