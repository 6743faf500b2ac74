// Where a link of invitation leads: whoever has it chooses a password, and where no address is known yet, an address. The code stands
// behind `#` in the page's address, so it reaches nobody but this script, which posts it.
import { formStyle, pageDocument } from './form-page.ts'

const script = String.raw`
(function () {
  'use strict'
  const byId = function (id) { return document.getElementById(id) }
  const form = byId('accept')
  const button = byId('enter')
  const wrong = byId('wrong')
  const code = location.hash.slice(1)
  const spent = 'This link was used already, has expired, or a newer one took its place. Ask an administrator for a new one.'

  function tell(message) {
    wrong.textContent = message
    wrong.hidden = message === ''
  }
  function post(path, body) {
    return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  }
  async function messageOf(answer) {
    const body = await answer.json().catch(function () { return {} })
    return (body.error && body.error.message) || 'Millpond is starting or busy. Try again in a few seconds.'
  }

  async function look() {
    try {
      const answer = await post('/api/auth/invitation', { code })
      if (!answer.ok) return tell(answer.status === 404 ? spent : await messageOf(answer))
      const found = await answer.json()
      byId('who').textContent = found.email === undefined
        ? 'Choose an e-mail address and a password, so that you can come in again.'
        : 'You come in as ' + found.email + ', with the role ' + found.role + '.'
      byId('email').value = found.email || ''
      byId('email').readOnly = found.email !== undefined
      byId('later').hidden = found.email !== undefined
      form.hidden = false
      byId(found.email === undefined ? 'email' : 'password').focus()
    } catch {
      tell('Millpond did not answer. Is it still running?')
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
      tell('Millpond did not answer. Is it still running?')
    }
    button.disabled = false
  }

  form.addEventListener('submit', function (event) {
    event.preventDefault()
    void accept()
  })
  void look()
})()
`

/** The whole document; `nonce` is that of the answer's content security policy. */
export function invitationPage(nonce: string): string {
  return pageDocument({
    nonce,
    title: 'Welcome · Millpond',
    heading: 'Welcome to Millpond',
    style: formStyle,
    script,
    main: `
  <p id="wrong" role="alert" hidden></p>
  <form id="accept" method="post" hidden>
    <p id="who"></p>
    <label for="email">E-mail address</label>
    <input class="field" id="email" type="email" autocomplete="username" required>
    <label for="password">Password, 10 letters or more</label>
    <input class="field" id="password" type="password" autocomplete="new-password" minlength="10" maxlength="128" required>
    <button class="button primary" id="enter" type="submit">Go on</button>
    <p id="later" hidden><a href="/">Later</a></p>
  </form>`,
  })
}
