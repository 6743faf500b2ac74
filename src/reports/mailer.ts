// Sends reports by the clock.
//
//   due ─▶ one transaction: a mail for each route, the next time ─▶ asked, with its owner's rights ─▶ sent, left out, or tried again
//
// Of times that passed while nothing ran only the last one is mailed: yesterday's report says nothing today. A mail that was handed over
// when the engine died is sent once more, with the same id.
import type { AlertRoute } from '../control/alerts.ts'
import type { Principal } from '../control/principals.ts'
import type { Report, ReportMail } from '../control/reports.ts'
import { messageOf, MillpondError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { cronTimes } from '../jobs/cron.ts'
import type { Mail } from '../outgoing/mail.ts'
import { type AskDeps, askedContent } from './ask.ts'
import type { ReportContent } from './mail-content.ts'

export interface MailerDeps extends AskDeps {
  readonly log: Log
  readonly send: (smtpUrl: string, mail: Mail) => Promise<void>
}

const lookEveryMs = 30_000
const lookMsMin = 50
const mailsPerLook = 10
const retryMs = 60_000
const retryMsMax = 3_600_000
/** About half a day. */
const attemptsMax = 16

export class Mailer {
  readonly #deps: MailerDeps
  readonly #abort = new AbortController()
  #sending: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(deps: MailerDeps) {
    this.#deps = deps
  }

  /** Plans what fell due and sends what waits. Called by the timer, by the end of a sending, and by every change. */
  look(): void {
    if (this.#abort.signal.aborted) return
    this.#cancelTimer?.()
    const { control, clock } = this.#deps
    const nowMicros = clock.nowMicros()
    const enabled = control.reports.list().filter(({ isEnabled, nextAtMicros }) => isEnabled && nextAtMicros > 0)
    for (const report of enabled) if (report.nextAtMicros <= nowMicros) this.#plan(report, nowMicros)
    this.#send(nowMicros)
    const nextMs = Math.min(
      ...enabled.map(({ nextAtMicros }) => (nextAtMicros - nowMicros) / 1000).filter((ms) => ms > 0),
    )
    this.#cancelTimer = clock.schedule(
      () => {
        this.look()
      },
      Math.max(lookMsMin, Math.min(lookEveryMs, nextMs)),
    )
  }

  #plan(report: Report, nowMicros: number): void {
    const times = cronTimes(report.definition.cron, report.definition.zone)
    const nowMs = nowMicros / 1000
    const last = times.last(report.nextAtMicros / 1000 - 1, nowMs) ?? report.nextAtMicros / 1000
    this.#deps.control.reports.due(report, last * 1000, (times.next(nowMs) ?? 0) * 1000)
  }

  #send(nowMicros: number): void {
    if (this.#sending !== undefined) return
    const waiting = this.#deps.control.reports.waiting(nowMicros, mailsPerLook)
    if (waiting.length === 0) return
    this.#sending = this.#sendAll(waiting).finally(() => {
      this.#sending = undefined
      this.look()
    })
  }

  /** Never rejects. Mails of one report and time say the same: asked once. */
  async #sendAll(waiting: readonly ReportMail[]): Promise<void> {
    let asked: { readonly key: string; readonly content: Promise<ReportContent> } | undefined
    for (const mail of waiting) {
      if (this.#abort.signal.aborted) return
      const key = `${mail.report} ${mail.dueAtMicros}`
      if (asked?.key !== key) asked = { key, content: this.#content(mail) }
      await this.#sendOne(mail, asked.content)
    }
  }

  async #content({ report: id }: ReportMail): Promise<ReportContent> {
    const { control } = this.#deps
    const { definition, owner } = control.reports.get(id)
    return askedContent(this.#deps, { ...definition, owner }, this.#ownerOf(owner), this.#abort.signal)
  }

  /** With the rights that they have now. Error: not-allowed. */
  #ownerOf(id: string): Principal {
    const found = this.#deps.control.principalById(id)
    if (found === undefined || found.disabledAtMicros !== null)
      throw new MillpondError('not-allowed', 'Its owner may not sign in any more: make it anew as somebody else')
    const { kind, handle, role, attributes } = found
    return { id, kind, handle, role, attributes }
  }

  async #sendOne(mail: ReportMail, asked: Promise<ReportContent>): Promise<void> {
    const { control, send, log } = this.#deps
    try {
      const { isEmpty, failed, subject, text, html, attachments } = await asked
      const { definition, name } = control.reports.get(mail.report)
      if (isEmpty && definition.skipsEmpty) return control.reports.ended(mail, 'left-out', 'No tile has rows')
      const route = this.#routeOf(mail.route)
      const { from = '', to = '' } = route.settings
      const { smtpUrl = '' } = control.alerts.routeSecrets(mail.route)
      const id = `report-${mail.report}-${mail.dueAtMicros}-${mail.route}`
      await send(smtpUrl, { id, from, to, subject: `${name}: ${subject}`, text, html, attachments })
      control.reports.ended(mail, 'sent', failed.length === 0 ? '' : `Could not be asked: ${failed.join(', ')}`)
    } catch (error) {
      // What a stop broke off is tried again by the next engine, as if it had not been tried.
      if (this.#abort.signal.aborted) return
      this.#notSent(mail, error)
      log.warn({ report: mail.report, route: mail.route, error: messageOf(error) }, 'A report could not be sent.')
    }
  }

  #routeOf(name: string): AlertRoute {
    const route = this.#deps.control.alerts.routes().find((one) => one.name === name && one.kind === 'email')
    if (route === undefined) throw new MillpondError('not-found', `There is no e-mail route ${name} any more`)
    return route
  }

  #notSent(mail: ReportMail, error: unknown): void {
    const { control, clock } = this.#deps
    const note = messageOf(error).slice(0, 1000)
    const isHopeless = error instanceof MillpondError && error.kind === 'user' && error.code !== 'query-cancelled'
    if (isHopeless || mail.attempts + 1 >= attemptsMax) return control.reports.ended(mail, 'failed', note)
    const waitMs = Math.min(retryMsMax, retryMs * 2 ** mail.attempts)
    control.reports.again(mail, note, clock.nowMicros() + waitMs * 1000)
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#cancelTimer?.()
    await this.#sending
  }
}
