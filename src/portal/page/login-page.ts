// The way in for a person: e-mail address and password, Google or GitHub where they are set up, or a token pasted here. Shown at `/`
// without a session and at /login; a spent one-time link leads here, too.
import { formStyle, pageDocument } from './form-page.ts'

const style = `${formStyle}
#token { font-family: var(--mono) }
details { padding: 0 4px; color: var(--muted) }
summary { cursor: pointer; color: var(--text) }
details form { margin-top: 12px }
.ways { margin: 24px 4px 0; padding: 0; display: grid; gap: 14px; list-style: none; color: var(--muted) }
.ways strong { display: block; color: var(--text); font-weight: 500 }
code { color: var(--text); background: var(--sunken); border: 1px solid var(--line); border-radius: 5px; padding: 1px 5px; white-space: nowrap }
`

const script = String.raw`
(function () {
  'use strict'
  const byId = function (id) { return document.getElementById(id) }
  const wrong = byId('wrong')
  // Back to the page that was asked for. What stands in an address is checked by the server.
  const here = location.pathname === '/login' ? undefined : location.pathname + location.search
  const next = here || new URLSearchParams(location.search).get('next') || undefined

  function tell(message) {
    wrong.textContent = message
    wrong.hidden = message === ''
  }

  // Posts, and says what went wrong; undefined then.
  async function post(path, body, refused) {
    const buttons = document.querySelectorAll('button')
    tell('')
    buttons.forEach(function (one) { one.disabled = true })
    try {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (answer.ok) return await answer.json()
      if (answer.status === 429) tell('Too many tries. Wait a few minutes.')
      else if (answer.status < 500) tell(refused)
      else tell('Millpond is starting or busy and could not check it. Try again in a few seconds.')
    } catch {
      tell('Millpond did not answer. Is it still running?')
    }
    buttons.forEach(function (one) { one.disabled = false })
    return undefined
  }

  byId('login').addEventListener('submit', async function (event) {
    event.preventDefault()
    const body = { email: byId('email').value, password: byId('password').value, next: next }
    const answer = await post('/api/auth/sign-in', body, 'The e-mail address or the password is wrong.')
    if (answer !== undefined) location.replace(answer.next)
  })
  byId('with-token').addEventListener('submit', async function (event) {
    event.preventDefault()
    const token = byId('token').value.trim()
    if (token === '') return tell('Paste a token first.')
    const answer = await post('/login', { token: token }, 'This token is unknown or was revoked. Check that all of it was copied.')
    if (answer !== undefined) location.replace(here || '/')
  })
  document.querySelectorAll('[data-provider]').forEach(function (button) {
    button.addEventListener('click', async function () {
      const path = '/api/auth/sign-in/' + button.dataset.provider
      const answer = await post(path, { next: next }, 'Signing in this way does not work at the moment.')
      if (answer !== undefined) location.assign(answer.url)
    })
  })
  document.querySelectorAll('input').forEach(function (field) {
    field.addEventListener('input', function () { tell('') })
  })
  if (location.search.includes('code=')) tell('This one-time link was used already or has expired. Sign in instead.')
  if (location.search.includes('error=')) tell('That did not work. Was your address invited, and is it confirmed there?')
})()
`

const providerNames = { google: 'Google', github: 'GitHub' } as const

/** The whole document; `nonce` is that of the answer's content security policy. */
export function loginPage(nonce: string, providers: readonly (keyof typeof providerNames)[] = []): string {
  const buttons = providers.map(
    (provider) =>
      `\n    <button class="button" type="button" data-provider="${provider}">Sign in with ${providerNames[provider]}</button>`,
  )
  return pageDocument({
    nonce,
    title: 'Sign in · Millpond',
    heading: 'Sign in to Millpond',
    style,
    script,
    main: `
  <p id="wrong" role="alert" hidden></p>
  <form id="login" method="post">
    <label for="email">E-mail address</label>
    <input class="field" id="email" type="email" autocomplete="username" required autofocus>
    <label for="password">Password</label>
    <input class="field" id="password" type="password" autocomplete="current-password" required>
    <button class="button primary" id="enter" type="submit">Sign in</button>${buttons.join('')}
  </form>
  <details>
    <summary>Sign in with a token</summary>
    <form id="with-token" method="post">
      <label for="token">Token</label>
      <input class="field" id="token" type="password" autocomplete="off" autocapitalize="off" spellcheck="false">
      <button class="button" id="enter-token" type="submit">Sign in with the token</button>
    </form>
  </details>
  <ul class="ways">
    <li><strong>Just started it?</strong>Open the one-time link that <code>millpond start</code> printed.</li>
    <li><strong>No password, or forgotten?</strong>An administrator makes a link: <code>millpond user invite &lt;handle&gt;</code>.</li>
  </ul>`,
  })
}
