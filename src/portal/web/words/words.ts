// The portal's language: chosen by the person, else the browser's. Words come from one catalogue a language; numbers and times
// are written by Intl for the same language.
import { useSyncExternalStore } from 'react'

import { en, type WordKey } from './en.ts'

export type Language = 'en' | 'zh-Hant'

type Catalogue = Readonly<Record<WordKey, string>>
const storageKey = 'millpond.language'
const listeners = new Set<() => void>()
let language: Language = 'en'
let words = wordsOf(en)

function firstLanguage(): Language {
  const chosen = readSetting(storageKey)
  if (chosen === 'en' || chosen === 'zh-Hant') return chosen
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-Hant' : 'en'
}

/** Storage can be forbidden; what would be remembered is then forgotten. */
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
    // As above; a full storage, too, costs only the memory of it.
  }
}

/** Before the first paint: the words of the person's language. Only English comes with the application itself. */
export async function loadLanguage(): Promise<void> {
  await show(firstLanguage())
}

export async function chooseLanguage(chosen: Language): Promise<void> {
  keepSetting(storageKey, chosen)
  await show(chosen)
}

async function show(chosen: Language): Promise<void> {
  words = wordsOf(chosen === 'en' ? en : (await import('./zh-hant.ts')).zhHant)
  language = chosen
  document.documentElement.lang = chosen
  for (const listener of listeners) listener()
}

export type Values = Readonly<Record<string, string | number>>
export type Words = (key: WordKey, values?: Values) => string

export function wordsOf(catalogue: Catalogue): Words {
  return (key, values = {}) => catalogue[key].replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''))
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => language)
}

export function useWords(): Words {
  return useSyncExternalStore(subscribe, () => words)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
