// Asks all tiles of a report's dashboard, with somebody's rights, and writes the mail. A tile that fails doesn't keep the others.
import { readChart } from '../charts/read-chart.ts'
import type { Control } from '../control/control.ts'
import type { Tile } from '../control/dashboards.ts'
import type { Principal } from '../control/principals.ts'
import type { ReportDefinition } from '../control/reports.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { Dashboards } from '../dashboards/dashboards.ts'
import { chartRowsOf } from '../dashboards/tile-rows.ts'
import { resolveOne } from '../jobs/parameters.ts'
import type { SavedQueries } from '../jobs/saved.ts'
import type { QueryRoad } from '../query/contract.ts'
import { reportContent, type ReportContent, type ReportTile } from './mail-content.ts'

export interface AskDeps {
  readonly control: Control
  readonly road: Pick<QueryRoad, 'submit'>
  readonly saved: SavedQueries
  readonly clock: Clock
  readonly addressOf: (slug: string) => string
}

/** Errors: not-found (the dashboard was removed), and what passes: the engine is busy or stopping. */
export async function askedContent(
  deps: AskDeps,
  { dashboard: id, parameters, zone, version: seen, owner }: ReportDefinition & { readonly owner: string },
  principal: Principal,
  signal: AbortSignal,
): Promise<ReportContent> {
  const { control, saved, clock, addressOf } = deps
  const dashboards = new Dashboards({ control, saved, clock })
  const { title, slug, latest: newest } = dashboards.get(id)
  const latest = dashboards.trusted(id, { seen, by: owner })
  const nowMs = clock.nowMicros() / 1000
  const tiles: ReportTile[] = []
  // One after the other: nobody waits for a mail.
  for (const tile of latest.tiles) {
    const told = { id: tile.id, title: tile.title, chart: { zone: latest.zone, ...readChart(tile.chart, 'table') } }
    const ask = async (): Promise<ReportTile> => {
      const asked = dashboards.trustedRequest({ ...latest, id }, tile, parameters, { principal, port: 'schedule' })
      const job = await deps.road.submit({ ...asked, isBackground: true }, signal)
      return { ...told, rows: await chartRowsOf(await job.result()) }
    }
    tiles.push(await ask().catch((error: unknown) => ({ ...told, rows: undefined, error: whyNot(error, tile) })))
  }
  const values = latest.parameters.flatMap((definition): [string, string][] => {
    const name = Object.keys(parameters).find((one) => one.toLowerCase() === definition.name.toLowerCase())
    const setting = (name === undefined ? undefined : parameters[name]) ?? definition.default
    if (setting === undefined) return []
    const value = resolveOne(definition, setting, { ms: nowMs, zone: latest.zone })
    return [[definition.name, typeof value === 'string' ? value : JSON.stringify(value)]]
  })
  const older = latest.version === newest.version ? undefined : { shown: latest.version, newest: newest.version }
  return reportContent({ title, older, asOf: asOfText(nowMs, zone), values, address: addressOf(slug), tiles })
}

/** What passes is thrown on: the whole mail is tried again. */
function whyNot(error: unknown, { title, id }: Tile): string {
  if (error instanceof MillpondError && error.kind === 'user' && error.code !== 'query-cancelled') return error.message
  throw error instanceof MillpondError
    ? error
    : new MillpondError('bug', `The tile ${title || id} failed`, { cause: error })
}

function asOfText(ms: number, zone: string): string {
  const text = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(ms)
  return `${text} (${zone})`
}
