// The way in for a person: the one-time link of the start block, or a token pasted here. Shown at `/` without a session
// and at /login when a link's code is spent; posts the token to /login, which answers with the session's cookie.
import { pageStyle } from './page-style.ts'

const style = `
body { min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px }
main { width: 100%; max-width: 400px }
header { display: flex; align-items: center; gap: 12px; margin-bottom: 28px }
header img { display: block; width: 36px; height: 36px }
h1 { font-size: 20px; font-weight: 600; letter-spacing: -.01em }
form { display: grid; gap: 8px; padding: 24px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow) }
label { font-weight: 500 }
.field { width: 100%; min-height: 40px; font-family: var(--mono) }
.button { min-height: 40px; margin-top: 8px }
#wrong { padding: 10px 12px; border-radius: 8px; background: var(--bad-soft); color: var(--bad) }
.ways { margin: 24px 4px 0; padding: 0; display: grid; gap: 14px; list-style: none; color: var(--muted) }
.ways strong { display: block; color: var(--text); font-weight: 500 }
.ways code { color: var(--text); background: var(--sunken); border: 1px solid var(--line); border-radius: 5px; padding: 1px 5px; white-space: nowrap }
`

const script = String.raw`
(function () {
  'use strict'
  const form = document.getElementById('login')
  const field = document.getElementById('token')
  const button = document.getElementById('enter')
  const wrong = document.getElementById('wrong')

  function tell(message) {
    wrong.textContent = message
    wrong.hidden = message === ''
    if (message === '') field.removeAttribute('aria-invalid')
    else field.setAttribute('aria-invalid', 'true')
  }

  async function enter() {
    const token = field.value.trim()
    if (token === '') return tell('Paste a token first.')
    tell('')
    button.disabled = true
    try {
      const answer = await fetch('/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      })
      // Back to the page that was asked for; a link's own address has done its work.
      if (answer.ok) return location.replace(location.pathname === '/login' ? '/' : location.href)
      if (answer.status < 500) tell('This token is unknown or was revoked. Check that all of it was copied.')
      else tell('Millpond is starting or busy and could not check the token. Try again in a few seconds.')
    } catch {
      tell('Millpond did not answer. Is it still running?')
    }
    button.disabled = false
    field.focus()
  }

  form.addEventListener('submit', function (event) {
    event.preventDefault()
    void enter()
  })
  field.addEventListener('input', function () { tell('') })
  if (location.search.includes('code=')) tell('This one-time link was used already or has expired. Paste a token instead.')
})()
`

/** The whole document; `nonce` is that of the answer's content security policy. */
export function loginPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Sign in · Millpond</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style nonce="${nonce}">${pageStyle}${style}</style>
</head>
<body>
<main>
  <header><img src="/favicon.svg" alt="" width="36" height="36"><h1>Sign in to Millpond</h1></header>
  <form id="login" action="/login" method="post">
    <label for="token">Token</label>
    <input class="field" id="token" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false" aria-describedby="wrong" autofocus>
    <p id="wrong" role="alert" hidden></p>
    <button class="button primary" id="enter" type="submit">Sign in</button>
  </form>
  <ul class="ways">
    <li><strong>Just started it?</strong>Open the one-time link that <code>millpond start</code> printed.</li>
    <li><strong>No token at hand?</strong>Run <code>millpond token create</code> on the machine where Millpond runs and paste what it prints.</li>
  </ul>
  <noscript><p class="muted">This page needs JavaScript.</p></noscript>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`
}
