// The ways on which people are told: mail, Slack's kind of webhook, and a signed webhook. Each message has an id that is the same on
// every try, so that a receiver who saw it takes it once.
import type { AlertMessage, AlertRoute } from '../control/alerts.ts'
import { MillpondError } from '../core/errors.ts'
import { createHttpSender, type HttpSender } from '../outgoing/http.ts'
import { sendMail } from '../outgoing/mail.ts'
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
      if (route.kind === 'email') {
        const { from = '', to = '' } = route.settings
        const texts = { subject: subjectOf(message), text: textOf(message, address) }
        return sendMail(secrets['smtpUrl'] ?? '', { id: message.id, from, to, ...texts })
      }
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
