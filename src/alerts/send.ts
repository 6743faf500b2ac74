// The ways on which people are told: mail, Slack's kind of webhook, and a signed webhook. Each message has an id that is the same on
// every try, so that a receiver who saw it takes it once.
import { createTransport } from 'nodemailer'

import type { AlertMessage, AlertRoute } from '../control/alerts.ts'
import { MillpondError, messageOf } from '../core/errors.ts'
import { createHttpSender, type HttpSender } from '../outgoing/http.ts'
import { webhookHeaders } from '../outgoing/standard-webhook.ts'
import { subjectOf, textOf } from './message-text.ts'

type Texts = Readonly<Record<string, string>>

export interface Sending {
  readonly route: AlertRoute
  readonly secrets: Texts
  readonly message: AlertMessage
  /** Of the alert's page; '' where nobody knows it. */
  readonly address: string
  readonly nowMicros: number
}

export interface Sender {
  /** Resolves when somebody has taken it. Error: an Error that says why not. */
  send(sending: Sending, signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

const timeoutMs = 15_000

/** What a route has to say. Error: request-invalid. */
export function checkRoute({ kind, settings }: Omit<AlertRoute, 'secretNames'>, secrets: Texts): void {
  const need = (texts: Texts, name: string, what: string): string => {
    const text = texts[name]
    if (text === undefined || text === '') throw refused(`\`${name}\`: ${what}`)
    return text
  }
  if (kind === 'email') {
    need(settings, 'to', 'whom to write to: a@example.com, b@example.com')
    need(settings, 'from', 'who writes: millpond@example.com')
    const url = need(secrets, 'smtpUrl', 'the mail server: smtp://user:password@mail.example.com:587')
    if (!/^smtps?:\/\/[^/\s]+/.test(url)) throw refused('`smtpUrl`: is no smtp:// or smtps:// address')
    return
  }
  const url = need(secrets, 'url', 'where to post')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw refused('`url`: is no http or https address')
}

function refused(message: string): MillpondError {
  return new MillpondError('request-invalid', message)
}

export function createSender(): Sender {
  const open: Readonly<Record<'guarded' | 'free', HttpSender>> = {
    guarded: createHttpSender({ allowPrivateNetwork: false, timeoutMs, connectionsMax: 4 }),
    free: createHttpSender({ allowPrivateNetwork: true, timeoutMs, connectionsMax: 4 }),
  }
  async function post(sending: Sending, body: string, headers: Texts, signal: AbortSignal): Promise<void> {
    const { route, secrets } = sending
    const http = route.settings['allowPrivateNetwork'] === 'true' ? open.free : open.guarded
    const { answer, error } = await http.send({ url: secrets['url'] ?? '', headers, body }, signal)
    if (answer === undefined) throw new Error(error)
    if (answer.status >= 300) throw new Error(`HTTP ${answer.status}: ${answer.body.slice(0, 200)}`)
  }
  return {
    async send(sending, signal) {
      const { route, secrets, message, address, nowMicros } = sending
      if (route.kind === 'email') return mail(sending)
      if (route.kind === 'slack') {
        const body = JSON.stringify({ text: textOf(message, address) })
        return post(sending, body, { 'content-type': 'application/json' }, signal)
      }
      const body = JSON.stringify({ ...message, address })
      const headers = webhookHeaders(body, { id: message.id, secret: secrets['secret'], nowMicros })
      return post(sending, body, headers, signal)
    },
    async stop() {
      await Promise.all([open.guarded.stop(), open.free.stop()])
    },
  }
}

async function mail({ route, secrets, message, address }: Sending): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(secrets['smtpUrl'] ?? '')
  const isSecure = protocol === 'smtps:'
  const transport = createTransport({
    host: hostname,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Whoever wrote an alert's name must not read files of this machine by it.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: route.settings['from'],
      to: route.settings['to'],
      subject: subjectOf(message),
      text: textOf(message, address),
      messageId: `<${message.id.replaceAll(/[^\w.-]/g, '')}@millpond>`,
      headers: { 'auto-submitted': 'auto-generated' },
    })
  } catch (error) {
    // The address of the server stands in no message: it holds a password.
    throw new Error(messageOf(error).replaceAll(secrets['smtpUrl'] ?? '\0', '(smtpUrl)'), { cause: error })
  } finally {
    transport.close()
  }
}
