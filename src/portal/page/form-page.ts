// What the pages of sign-in and invitation share: one card in the middle, with a form.
import { pageStyle } from './page-style.ts'
import type { PageLanguage } from './page-words.ts'

export const formStyle = `
body { min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px }
main { width: 100%; max-width: 400px }
header { display: flex; align-items: center; gap: 12px; margin-bottom: 28px }
header img { display: block; width: 36px; height: 36px }
h1 { font-size: 20px; font-weight: 600; letter-spacing: -.01em }
form { display: grid; gap: 8px; padding: 24px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow) }
form + form, form + details { margin-top: 16px }
label { font-weight: 500 }
.field { width: 100%; min-height: 40px }
.button { min-height: 40px; margin-top: 8px }
[role=alert] { padding: 10px 12px; border-radius: 8px; background: var(--bad-soft); color: var(--bad) }
`

/** For one answer. */
export interface PageAsked {
  /** Of the answer's content security policy. */
  readonly nonce: string
  readonly language: PageLanguage
}

export interface PageParts extends PageAsked {
  readonly title: string
  readonly heading: string
  readonly style: string
  /** A function body that finds its words in `words`. */
  readonly script: string
  readonly words: Readonly<Record<string, string>>
  /** HTML of ours alone: nothing that anybody has sent. */
  readonly main: string
}

export function pageDocument({ nonce, language, title, heading, style, script, words, main }: PageParts): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style nonce="${nonce}">${pageStyle}${style}</style>
</head>
<body>
<main>
  <header><img src="/favicon.svg" alt="" width="36" height="36"><h1>${heading}</h1></header>${main}
  <noscript><p class="muted">${words['script'] ?? ''}</p></noscript>
</main>
<script nonce="${nonce}">(function (words) {
${script}})(${JSON.stringify(words).replaceAll('<', String.raw`\u003c`)})</script>
</body>
</html>
`
}
