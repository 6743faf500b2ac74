// The portal's language: chosen by the person, else the browser's. Words stand beside the page that says them, both languages
// in one line, so that a page brings its own words and nobody changes one language without seeing the other.
import { useSyncExternalStore } from 'react'

import { keepSetting, readSetting } from './settings.ts'

export type Language = 'en' | 'zh-Hant'
/** `{name}` stands for a value, the same in both. */
export type Catalogue<Key extends string = string> = Readonly<Record<Key, readonly [en: string, zhHant: string]>>
export type Values = Readonly<Record<string, string | number>>
export type Words<Key extends string> = (key: Key, values?: Values) => string

const storageKey = 'millpond.language'
const listeners = new Set<() => void>()
let language = firstLanguage()
document.documentElement.lang = language

function firstLanguage(): Language {
  const chosen = readSetting(storageKey)
  if (chosen === 'en' || chosen === 'zh-Hant') return chosen
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-Hant' : 'en'
}

export function chooseLanguage(chosen: Language): void {
  keepSetting(storageKey, chosen)
  language = chosen
  document.documentElement.lang = chosen
  for (const listener of listeners) listener()
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => language)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useWords<Key extends string>(catalogue: Catalogue<Key>): Words<Key> {
  return wordsOf(catalogue, useLanguage())
}

/** For what is no component. */
export function wordsNow<Key extends string>(catalogue: Catalogue<Key>): Words<Key> {
  return wordsOf(catalogue, language)
}

/** The same function for the same words, so that it can stand among the dependencies of a hook. */
const known = { en: new WeakMap<Catalogue, Words<string>>(), 'zh-Hant': new WeakMap<Catalogue, Words<string>>() }

function wordsOf(catalogue: Catalogue, spoken: Language): Words<string> {
  const words = known[spoken].get(catalogue) ?? speak(catalogue, spoken === 'en' ? 0 : 1)
  known[spoken].set(catalogue, words)
  return words
}

function speak(catalogue: Catalogue, place: 0 | 1): Words<string> {
  return (key, values = {}) =>
    (catalogue[key]?.[place] ?? '').replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''))
}
