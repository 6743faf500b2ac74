// The door of reports: who makes and changes them, what a mail would say, and the clock that sends them.
import type { Control } from '../control/control.ts'
import type { Principal } from '../control/principals.ts'
import type { Report, ReportDefinition } from '../control/reports.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { type Log, logOf } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import { Dashboards } from '../dashboards/dashboards.ts'
import { cronTimes } from '../jobs/cron.ts'
import type { SavedQueries } from '../jobs/saved.ts'
import type { QueryRoad } from '../query/contract.ts'
import { sendMail } from '../outgoing/mail.ts'
import { askedContent } from './ask.ts'
import type { ReportContent } from './mail-content.ts'
import { Mailer } from './mailer.ts'

export interface ReportsDeps {
  readonly control: Control
  readonly road: QueryRoad
  readonly saved: SavedQueries
  readonly clock: Clock
  readonly log: Log
  /** Of a dashboard's page, by its slug; '' where nobody knows it. */
  readonly addressOf: (slug: string) => string
  /** For tests; absent: mail. */
  readonly send?: typeof sendMail
}

const never = new AbortController().signal

/** Errors of all: not-found; of changes: not-allowed, request-invalid, schedule-invalid, report-exists. */
export class Reports {
  readonly #deps: ReportsDeps
  readonly #changed: () => void

  constructor(deps: ReportsDeps, changed: () => void) {
    this.#deps = deps
    this.#changed = changed
  }

  list(by: Principal): Report[] {
    return this.#deps.control.reports.list().filter((report) => isTheirs(report, by))
  }

  /** Of others nobody is told that they are there. */
  get(id: string, by: Principal): Report {
    const report = this.#deps.control.reports.get(id)
    if (isTheirs(report, by)) return report
    throw new MillpondError('not-found', `There is no report "${id.slice(0, 200)}"`)
  }

  add(name: string, definition: Omit<ReportDefinition, 'version'>, by: Principal): Report {
    const made = this.#deps.control.reports.add(name, this.#checked(definition), by.id, this.#next(definition))
    this.#changed()
    return made
  }

  change(id: string, name: string, definition: Omit<ReportDefinition, 'version'>, by: Principal): Report {
    const { id: own } = this.get(id, by)
    const made = this.#deps.control.reports.change(own, name, this.#checked(definition), this.#next(definition))
    this.#changed()
    return made
  }

  setEnabled(id: string, isEnabled: boolean, by: Principal): Report {
    const { id: own, definition } = this.get(id, by)
    const made = this.#deps.control.reports.setEnabled(own, isEnabled, this.#next(definition))
    this.#changed()
    return made
  }

  remove(id: string, by: Principal): void {
    this.#deps.control.reports.remove(this.get(id, by).id)
  }

  /** Now, to all of its routes. */
  sendNow(id: string, by: Principal): void {
    this.#deps.control.reports.queue(this.get(id, by))
    this.#changed()
  }

  /** The mail as it would be now, for whoever looks: with their rights. */
  async preview(id: string, by: Principal, signal: AbortSignal = never): Promise<ReportContent> {
    const { definition } = this.get(id, by)
    return askedContent(this.#deps, { ...definition, owner: by.id }, by, signal)
  }

  /** The next times, oldest first. */
  nextTimes({ definition: { cron, zone }, isEnabled }: Report, count: number): number[] {
    if (!isEnabled) return []
    return cronTimes(cron, zone).between(this.#deps.clock.nowMicros() / 1000, Infinity, count)
  }

  /** Microseconds; 0: never. */
  #next({ cron, zone }: Pick<ReportDefinition, 'cron' | 'zone'>): number {
    return (cronTimes(cron, zone).next(this.#deps.clock.nowMicros() / 1000) ?? 0) * 1000
  }

  /** With the id of its dashboard, which stays when its address changes, and the version that stands there now. */
  #checked(definition: Omit<ReportDefinition, 'version'>): ReportDefinition {
    const { control, saved, clock } = this.#deps
    const dashboard = new Dashboards({ control, saved, clock }).get(definition.dashboard)
    const mails = control.alerts.routes().filter(({ kind }) => kind === 'email')
    const unknown = definition.routes.find((name) => !mails.some((one) => one.name === name))
    if (unknown !== undefined)
      throw new MillpondError('request-invalid', `\`routes\`: there is no e-mail route ${unknown}`)
    const known = dashboard.latest.parameters.map(({ name }) => name.toLowerCase())
    const strange = Object.keys(definition.parameters).find((name) => !known.includes(name.toLowerCase()))
    if (strange !== undefined)
      throw new MillpondError('request-invalid', `\`parameters\`: the dashboard has no parameter ${strange}`)
    if (this.#next(definition) === 0) throw new MillpondError('schedule-invalid', 'The report is never due')
    return { ...definition, dashboard: dashboard.id, version: dashboard.latest.version }
  }
}

function isTheirs({ owner }: Report, by: Principal): boolean {
  return by.role === 'admin' || owner === by.id
}

export interface ReportsPart extends Part {
  readonly reports: Reports
  night(): void
}

export function startReports(deps: ReportsDeps): ReportsPart {
  const mailer = new Mailer({ ...deps, log: logOf(deps.log, 'reports'), send: deps.send ?? sendMail })
  mailer.look()
  return {
    reports: new Reports(deps, () => {
      mailer.look()
    }),
    night() {
      deps.control.reports.forgetMails()
    },
    stop: async () => mailer.stop(),
  }
}
