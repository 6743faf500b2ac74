// The way in for a person: e-mail address and password, Google or GitHub where they are set up, or a token pasted here. Shown at `/`
// without a session and at /login; a spent one-time link leads here, too.
import { formStyle, type PageAsked, pageDocument } from './form-page.ts'
import { loginWords, spoken } from './page-words.ts'

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
      if (answer.status === 429) tell(words.tooMany)
      else if (answer.status < 500) tell(refused)
      else tell(words.busy)
    } catch {
      tell(words.gone)
    }
    buttons.forEach(function (one) { one.disabled = false })
    return undefined
  }

  byId('login').addEventListener('submit', async function (event) {
    event.preventDefault()
    const body = { email: byId('email').value, password: byId('password').value, next: next }
    const answer = await post('/api/auth/sign-in', body, words.wrong)
    if (answer !== undefined) location.replace(answer.next)
  })
  byId('with-token').addEventListener('submit', async function (event) {
    event.preventDefault()
    const token = byId('token').value.trim()
    if (token === '') return tell(words.noToken)
    const answer = await post('/login', { token: token }, words.wrongToken)
    if (answer !== undefined) location.replace(here || '/')
  })
  document.querySelectorAll('[data-provider]').forEach(function (button) {
    button.addEventListener('click', async function () {
      const path = '/api/auth/sign-in/' + button.dataset.provider
      const answer = await post(path, { next: next }, words.wrongWay)
      if (answer !== undefined) location.assign(answer.url)
    })
  })
  document.querySelectorAll('input').forEach(function (field) {
    field.addEventListener('input', function () { tell('') })
  })
  if (location.search.includes('code=')) tell(words.spent)
  if (location.search.includes('error=')) tell(words.failed)
`

const providerNames = { google: 'Google', github: 'GitHub' } as const

/** The whole document. */
export function loginPage(
  { nonce, language }: PageAsked,
  providers: readonly (keyof typeof providerNames)[] = [],
): string {
  const words = spoken(loginWords, language)
  const buttons = providers.map(
    (provider) =>
      `\n    <button class="button" type="button" data-provider="${provider}">${words.with} ${providerNames[provider]}</button>`,
  )
  return pageDocument({
    nonce,
    language,
    words,
    title: words.title,
    heading: words.heading,
    style,
    script,
    main: `
  <p id="wrong" role="alert" hidden></p>
  <form id="login" method="post">
    <label for="email">${words.email}</label>
    <input class="field" id="email" type="email" autocomplete="username" required autofocus>
    <label for="password">${words.password}</label>
    <input class="field" id="password" type="password" autocomplete="current-password" required>
    <button class="button primary" id="enter" type="submit">${words.enter}</button>${buttons.join('')}
  </form>
  <details>
    <summary>${words.withToken}</summary>
    <form id="with-token" method="post">
      <label for="token">${words.token}</label>
      <input class="field" id="token" type="password" autocomplete="off" autocapitalize="off" spellcheck="false">
      <button class="button" id="enter-token" type="submit">${words.enterToken}</button>
    </form>
  </details>
  <ul class="ways">
    <li><strong>${words.started}</strong>${words.startedText}</li>
    <li><strong>${words.forgotten}</strong>${words.forgottenText}</li>
  </ul>`,
  })
}
