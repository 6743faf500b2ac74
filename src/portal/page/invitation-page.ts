// Where a link of invitation leads: whoever has it chooses a password, and where no address is known yet, an address. The code stands
// behind `#` in the page's address, so it reaches nobody but this script, which posts it.
import { formStyle, type PageAsked, pageDocument } from './form-page.ts'
import { invitationWords, spoken } from './page-words.ts'

const script = String.raw`
  'use strict'
  const byId = function (id) { return document.getElementById(id) }
  const form = byId('accept')
  const button = byId('enter')
  const wrong = byId('wrong')
  const code = location.hash.slice(1)

  function tell(message) {
    wrong.textContent = message
    wrong.hidden = message === ''
  }
  function post(path, body) {
    return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  }
  async function messageOf(answer) {
    const body = await answer.json().catch(function () { return {} })
    return (body.error && body.error.message) || words.busy
  }

  async function look() {
    try {
      const answer = await post('/api/auth/invitation', { code })
      if (!answer.ok) return tell(answer.status === 404 ? words.spent : await messageOf(answer))
      const found = await answer.json()
      byId('who').textContent = found.email === undefined
        ? words.first
        : words.as.replace('{email}', function () { return found.email }).replace('{role}', words[found.role] || found.role)
      byId('email').value = found.email || ''
      byId('email').readOnly = found.email !== undefined
      byId('later').hidden = found.email !== undefined
      form.hidden = false
      byId(found.email === undefined ? 'email' : 'password').focus()
    } catch {
      tell(words.gone)
    }
  }

  async function accept() {
    const email = byId('email')
    tell('')
    button.disabled = true
    try {
      const body = { code, password: byId('password').value }
      if (!email.readOnly) body.email = email.value
      const answer = await post('/api/auth/invitation/accept', body)
      if (answer.ok) return location.replace('/')
      tell(await messageOf(answer))
    } catch {
      tell(words.gone)
    }
    button.disabled = false
  }

  form.addEventListener('submit', function (event) {
    event.preventDefault()
    void accept()
  })
  void look()
`

/** The whole document. */
export function invitationPage({ nonce, language }: PageAsked): string {
  const words = spoken(invitationWords, language)
  return pageDocument({
    nonce,
    language,
    words,
    title: words.title,
    heading: words.heading,
    style: formStyle,
    script,
    main: `
  <p id="wrong" role="alert" hidden></p>
  <form id="accept" method="post" hidden>
    <p id="who"></p>
    <label for="email">${words.email}</label>
    <input class="field" id="email" type="email" autocomplete="username" required>
    <label for="password">${words.password}</label>
    <input class="field" id="password" type="password" autocomplete="new-password" minlength="10" maxlength="128" required>
    <button class="button primary" id="enter" type="submit">${words.enter}</button>
    <p id="later" hidden><a href="/">${words.later}</a></p>
  </form>`,
  })
}
