// The API's reference: every call with its parameters, body and answer, written by the server, searched in the browser.
import { pageStyle } from './page-style.ts'

export interface ReferenceRoute {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly who: string
  readonly parameters: readonly {
    readonly name: string
    readonly place: string
    readonly isRequired: boolean
    readonly schema: unknown
  }[]
  readonly body: object | undefined
  readonly answer: object | undefined
  readonly status: number
  /** '': no content. */
  readonly media: string
}

export interface ReferenceSection {
  readonly name: string
  readonly routes: readonly ReferenceRoute[]
}

const style = `
body { display: grid; grid-template-columns: 13rem minmax(0, 1fr); min-height: 100vh }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 20px 12px; border-right: 1px solid var(--line) }
nav a { display: block; padding: 3px 8px; border-radius: 6px; color: var(--muted); text-decoration: none }
nav a:hover { background: var(--sunken); color: var(--text) }
.brand { display: flex; align-items: center; gap: 8px; padding: 0 8px 16px; font-weight: 600; color: var(--text) }
main { padding: 28px clamp(16px, 4vw, 48px); max-width: 60rem }
h1 { font-size: 20px; font-weight: 600; letter-spacing: -.01em }
h2 { margin: 32px 0 8px; font-size: 15px; font-weight: 600; scroll-margin-top: 16px }
h3 { margin: 14px 0 4px; font-size: 12.5px; font-weight: 500; color: var(--muted) }
.top { display: flex; flex-wrap: wrap; gap: 12px 24px; align-items: end; margin-bottom: 8px }
.top p { max-width: 40rem; color: var(--muted) }
.search { flex: 1 1 14rem }
.search input { width: 100% }
details { border: 1px solid var(--line); border-bottom-width: 0; background: var(--card); scroll-margin-top: 16px }
.routes > :first-child { border-radius: 8px 8px 0 0 }
.routes > :last-child { border-bottom-width: 1px; border-radius: 0 0 8px 8px }
.routes > :only-child { border-radius: 8px }
summary { display: grid; grid-template-columns: 4rem minmax(12rem, 22rem) minmax(0, 1fr); gap: 4px 12px; align-items: baseline; padding: 7px 12px; cursor: pointer; list-style: none }
summary::-webkit-details-marker { display: none }
summary:hover { background: var(--sunken) }
summary span:last-child { color: var(--muted) }
.method { font: 600 11px var(--mono); color: var(--accent) }
.method.DELETE { color: var(--bad) }
.path { font-family: var(--mono); font-size: 12.5px; overflow-wrap: anywhere }
.inside { padding: 2px 12px 14px; border-top: 1px solid var(--line) }
table { width: 100%; border-collapse: collapse }
td, th { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; font-weight: 400; border-bottom: 1px solid var(--line) }
pre.code { max-height: 24rem; overflow: auto }
.none { padding: 32px 0; text-align: center; color: var(--muted) }
@media (max-width: 720px) {
  body { display: block }
  nav { display: none }
  summary { grid-template-columns: 4rem minmax(0, 1fr) }
  summary span:last-child { grid-column: 2 }
}
`

const script = String.raw`
(function () {
  'use strict'
  const field = document.getElementById('search')
  const routes = Array.from(document.querySelectorAll('details'))
  const sections = Array.from(document.querySelectorAll('section'))
  const none = document.getElementById('none')
  function look() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
    routes.forEach(function (one) {
      const text = one.dataset.text
      one.hidden = !words.every(function (word) { return text.includes(word) })
    })
    sections.forEach(function (one) { one.hidden = one.querySelector('details:not([hidden])') === null })
    none.hidden = sections.some(function (one) { return !one.hidden })
  }
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1))
    if (target !== null && target.tagName === 'DETAILS') { target.open = true; target.scrollIntoView() }
  }
  routes.forEach(function (one) {
    one.addEventListener('toggle', function () { if (one.open) history.replaceState(null, '', '#' + one.id) })
  })
  field.addEventListener('input', look)
  document.addEventListener('keydown', function (event) {
    if (event.key === '/' && document.activeElement !== field) { event.preventDefault(); field.focus() }
  })
  addEventListener('hashchange', openTarget)
  openTarget()
})()
`

export function referencePage(nonce: string, sections: readonly ReferenceSection[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>API · Millpond</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style nonce="${nonce}">${pageStyle}${style}</style>
</head>
<body>
<nav aria-label="Parts">
  <a class="brand" href="/"><img src="/favicon.svg" alt="" width="18" height="18">Millpond</a>
  ${sections.map(({ name }) => `<a href="#part-${safe(name)}">${safe(name)}</a>`).join('\n  ')}
</nav>
<main>
  <div class="top">
    <div>
      <h1>API</h1>
      <p>Send a token (<code>millpond token create NAME</code>) as <code>Authorization: Bearer …</code>. For programs: <a href="/api/openapi.json">openapi.json</a>.</p>
    </div>
    <div class="search"><input id="search" class="field" type="search" aria-label="Search calls" placeholder="Search calls ( / )" autocomplete="off"></div>
  </div>
  ${sections.map(sectionHtml).join('\n  ')}
  <p id="none" class="none" hidden>No call has all of these words.</p>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`
}

function sectionHtml({ name, routes }: ReferenceSection): string {
  return `<section aria-labelledby="part-${safe(name)}"><h2 id="part-${safe(name)}">${safe(name)}</h2>
<div class="routes">${routes.map(routeHtml).join('\n')}</div></section>`
}

function routeHtml(route: ReferenceRoute): string {
  const { id, method, path, summary, who, parameters, body, answer, status, media } = route
  const text = `${method} ${path} ${summary} ${parameters.map(({ name }) => name).join(' ')}`.toLowerCase()
  return `<details id="${safe(id)}" data-text="${safe(text)}">
<summary><span class="method ${method}">${method}</span><span class="path">${safe(path)}</span><span>${safe(summary)}</span></summary>
<div class="inside">
<h3>Who may</h3><p>${safe(who)}</p>
${parameters.length === 0 ? '' : `<h3>Parameters</h3><table><tbody>${parameters.map(parameterHtml).join('')}</tbody></table>`}
${body === undefined ? '' : `<h3>Body</h3>${schemaHtml(`Body of ${method} ${path}`, body)}`}
<h3>Answer ${status}${media === '' ? '' : ` · ${safe(media)}`}</h3>${answer === undefined ? `<p class="muted">${media === '' ? 'Nothing.' : 'Its shape is not promised.'}</p>` : schemaHtml(`Answer of ${method} ${path}`, answer)}
</div></details>`
}

function parameterHtml({ name, place, isRequired, schema }: ReferenceRoute['parameters'][number]): string {
  return `<tr><th scope="row"><code>${safe(name)}</code></th><td class="muted">${safe(place)}${isRequired ? ', needed' : ''}</td><td><code>${safe(shortSchema(schema))}</code></td></tr>`
}

/** Scrolls, so that a keyboard must reach it. */
function schemaHtml(label: string, schema: object): string {
  return `<pre class="code" tabindex="0" role="region" aria-label="${safe(label)}">${safe(JSON.stringify(schema, null, 2))}</pre>`
}

interface ShownSchema extends Readonly<Record<string, unknown>> {
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly string[]
}

function shortSchema(schema: unknown): string {
  const { type, format, enum: values, ...rest } = schema as ShownSchema
  const name = values?.join(' | ') ?? format ?? type ?? 'any'
  const limits = Object.entries(rest).filter(([, value]) => typeof value === 'number' || typeof value === 'string')
  return [name, ...limits.map(([key, value]) => `${key} ${String(value)}`)].join(', ')
}

function safe(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
