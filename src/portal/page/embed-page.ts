// A dashboard within a page of somebody else's: plain HTML with drawn tiles. Nothing in it runs, and nothing is loaded.
import { escapedHtml } from '../../core/html.ts'
import type { PageAsked } from './form-page.ts'
import { pageStyle } from './page-style.ts'
import { embedWords, spoken } from './page-words.ts'

export interface EmbedTile {
  readonly title: string
  /** SVG text of ours; undefined: it has no rows, or could not be asked. */
  readonly svg: string | undefined
  readonly hasFailed: boolean
  readonly place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

export interface EmbedField {
  readonly name: string
  readonly value: string
  /** Empty: anything may be written. */
  readonly choices: readonly string[]
}

export interface EmbedParts extends PageAsked {
  readonly title: string
  readonly theme: 'light' | 'dark'
  readonly tiles: readonly EmbedTile[]
  /** What whoever looks may choose. */
  readonly fields: readonly EmbedField[]
  /** Goes along with what is chosen. */
  readonly token: string
  readonly asOf: string
}

const style = `
:root { color-scheme: light dark }
html[data-theme=light] { --ground: #fafafa; --card: #fff; --line: #e4e6e9; --text: #16181d; --muted: #5b6270; color-scheme: light }
html[data-theme=dark] { --ground: #0b0d0f; --card: #121518; --line: #262b31; --text: #e9ebee; --muted: #9aa2ad; color-scheme: dark }
body { padding: 12px }
h1 { font-size: 16px; font-weight: 600 }
header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; margin-bottom: 12px }
form { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-bottom: 12px }
label { display: flex; gap: 6px; align-items: center; color: var(--muted) }
.tiles { display: grid; gap: 12px }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; min-width: 0; overflow: hidden }
h2 { font-weight: 500; margin-bottom: 6px }
svg { display: block; width: 100%; height: auto }
.muted { color: var(--muted) }
@media (min-width: 768px) { .tiles { grid-template-columns: repeat(12, minmax(0, 1fr)); grid-auto-rows: minmax(44px, auto) } }
`

export function embedPage(parts: EmbedParts): string {
  const { nonce, language, title, theme, tiles, asOf } = parts
  const words = spoken(embedWords, language)
  const places = tiles.map(
    ({ place: { x, y, width, height } }, index) =>
      `#t${index} { grid-area: ${y + 1} / ${x + 1} / span ${height} / span ${width} }`,
  )
  const sections = tiles.map((tile, index) => {
    const name = escapedHtml(tile.title)
    const nothing = tile.hasFailed ? words.failed : words.empty
    return `<section id="t${index}" aria-label="${name}"><h2>${name}</h2>${tile.svg ?? `<p class="muted">${nothing}</p>`}</section>`
  })
  return document(
    { nonce, language, theme, title: escapedHtml(title) },
    `${style}@media (min-width: 768px) { ${places.join(' ')} }`,
    `<header><h1>${escapedHtml(title)}</h1><span class="muted">${words.asOf} <time datetime="${asOf}">${asOf.slice(0, 16).replace('T', ' ')} UTC</time></span></header>
${formOf(parts, words.show)}
<div class="tiles">${sections.join('\n')}</div>`,
  )
}

/** `why`: to whoever built the page around it. */
export function embedRefusedPage({ nonce, language }: PageAsked, why: string): string {
  const words = spoken(embedWords, language)
  return document(
    { nonce, language, theme: undefined, title: words.refused },
    style,
    `<p role="alert">${words.refused}</p><p class="muted">${escapedHtml(why)}</p>`,
  )
}

function formOf({ fields, token, theme }: EmbedParts, show: string): string {
  if (fields.length === 0) return ''
  const inputs = fields.map(({ name, value, choices }) => {
    const [label, given] = [escapedHtml(name), escapedHtml(value)]
    const options = choices.map((choice) => {
      const text = escapedHtml(choice)
      return `<option value="${text}"${choice === value ? ' selected' : ''}>${text}</option>`
    })
    const field =
      choices.length === 0
        ? `<input class="field" name="p.${label}" value="${given}" maxlength="4000">`
        : `<select class="field" name="p.${label}">${options.join('')}</select>`
    return `<label>${label} ${field}</label>`
  })
  const kept = [
    ['token', token],
    ['theme', theme],
  ].map(([name = '', value = '']) => `<input type="hidden" name="${name}" value="${escapedHtml(value)}">`)
  return `<form method="get">${kept.join('')}${inputs.join('')}<button class="button">${show}</button></form>`
}

function document(
  { nonce, language, theme, title }: PageAsked & { readonly theme: string | undefined; readonly title: string },
  css: string,
  body: string,
): string {
  const themed = theme === undefined ? '' : ` data-theme="${theme}"`
  return `<!doctype html>
<html lang="${language}"${themed}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style nonce="${nonce}">${pageStyle}${css}</style>
</head>
<body>
<main>${body}</main>
</body>
</html>
`
}
