// Dashboards in pages of others: who may embed which, and the page that stands there. An administrator says so, because the tiles lend
// the rights of a service to whoever holds an address.
import { randomBytes } from 'node:crypto'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { draw } from '../../charts/draw.ts'
import { readChart } from '../../charts/read-chart.ts'
import { svgText } from '../../charts/svg-text.ts'
import type { Dashboard, DashboardVersion, Tile } from '../../control/dashboards.ts'
import type { Principal } from '../../control/principals.ts'
import { networkOf, TryLimiter } from '../../control/try-limiter.ts'
import { isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { clientAddressHeader } from '../../core/http-headers.ts'
import { chartRowsOf } from '../../dashboards/tile-rows.ts'
import { type EmbedSettings, openParameters, readEmbedToken, refused, valueText } from './embed-token.ts'
import { embedPage, embedRefusedPage, type EmbedTile } from '../page/embed-page.ts'
import { languageOf } from '../page/page-words.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { dashboardsOf } from './dashboards.ts'
import { pageHeaders } from './page.ts'
import { identified, idOf } from './saved-queries.ts'
import { says } from './says.ts'

/** Of one address, in a quarter of an hour: a page with a hundred tiles asks a hundred queries. */
const pagesMax = 600
/** A tile is as wide as its columns are on a page of this width. */
const pageWidth = 1200
const rowHeight = 44
const gap = 12

const originInput = z
  .string()
  .max(300)
  // It stands in a policy: nothing in it may be a pattern or end the directive.
  .refine((text) => /^https?:\/\/(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/.test(text), {
    error: 'is an origin: https://app.example.com',
  })
const embedInput = z.strictObject({
  /** Handle of a service. */
  as: z.string().min(1).max(200),
  origins: z.array(originInput).min(1).max(20),
})
const shownInput = z
  .object({ token: z.string().default(''), theme: z.enum(['light', 'dark']).default('light') })
  .loose()

export interface EmbedAnswer {
  readonly isOn: boolean
  readonly as?: string | undefined
  readonly origins?: readonly string[] | undefined
  readonly path: string
  /** Once, when it is new. */
  readonly secret?: string | undefined
}

export function embedRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control } = deps
  const dashboards = dashboardsOf(deps)

  const told = (dashboard: Dashboard, secret?: string): EmbedAnswer => {
    const path = `/embed/${dashboard.slug}`
    const embed = control.embeds.find(dashboard.id)
    if (embed === undefined) return { isOn: false, path }
    const { principal, origins } = embed
    return { isOn: true, as: control.principalById(principal)?.handle, origins, path, secret }
  }

  app.get('/api/dashboards/:id/embed', says('How a dashboard is embedded', { params: identified }), (request) =>
    told(dashboards().get(idOf(request.params))),
  )

  app.put(
    '/api/dashboards/:id/embed',
    says('Lets pages of others show a dashboard', { params: identified, body: embedInput }),
    (request) => {
      const { as, origins } = parseInput(embedInput, request.body)
      const dashboard = dashboards().get(idOf(request.params))
      const principal = control.listPrincipals().find(({ handle }) => handle === as)
      if (principal?.kind !== 'service')
        throw new MillpondError('request-invalid', `\`as\`: "${as}" is no service: \`millpond user add\` makes one`)
      if (principal.role === 'admin')
        throw new MillpondError('request-invalid', '`as`: the rights of an administrator are not lent to strangers')
      return told(
        dashboard,
        control.embeds.set(dashboard.id, { principal: principal.id, origins, version: dashboard.latest.version }),
      )
    },
  )

  app.post(
    '/api/dashboards/:id/embed/rotate',
    says('A new secret; what the old one has signed opens nothing', { params: identified }),
    (request) => {
      const dashboard = dashboards().get(idOf(request.params))
      const secret = control.embeds.rotate(dashboard.id)
      if (secret === undefined) throw new MillpondError('not-found', `"${dashboard.title}" is not embedded`)
      return told(dashboard, secret)
    },
  )

  app.delete(
    '/api/dashboards/:id/embed',
    says('Ends embedding, at once', { params: identified, status: 204 }),
    async (request, reply) => {
      control.embeds.remove(dashboards().get(idOf(request.params)).id)
      return reply.code(204).send()
    },
  )

  embeddedPage(app, deps)
}

function embeddedPage(app: FastifyInstance, deps: ApiDeps): void {
  const { control, clock } = deps
  const limiter = new TryLimiter(clock, pagesMax)

  app.get('/embed/:id', async (request, reply): Promise<FastifyReply> => {
    const asked = {
      nonce: randomBytes(16).toString('base64'),
      language: languageOf(request.headers['accept-language']),
    }
    const id = idOf(request.params)
    const found = control.dashboards.list().find((one) => one.id === id || one.slug === id)
    const embed = found && control.embeds.find(found.id)
    const send = (status: number, page: string): FastifyReply =>
      reply.code(status).headers(headersOf(asked.nonce, embed?.origins)).type('text/html; charset=utf-8').send(page)
    try {
      limiter.take(networkOf([request.headers[clientAddressHeader]].flat()[0] ?? ''))
      const secret = found && control.embeds.secretOf(found.id)
      // One answer for what is not there and what is not embedded.
      if (found === undefined || embed === undefined || secret === undefined)
        throw refused('This dashboard is not embedded')
      const principal = lentBy(deps, embed.principal)
      const { token, theme } = parseInput(shownInput, request.query)
      const latest = dashboardsOf(deps)().trusted(found.id, { seen: embed.version, by: undefined })
      const shown = { ...found, latest }
      const fixed = await readEmbedToken(token, secret, shown, clock.nowMicros() / 1000)
      const { open, settings } = openParameters(shown, fixed, givenIn(request))
      const tiles = await tilesOf(deps, shown, { settings, principal, theme, signal: goneOf(reply) })
      const fields = open.map((definition) => ({
        name: definition.name,
        value: givenIn(request)[definition.name] ?? shownDefault(definition.default),
        choices: (definition.choices ?? []).map(valueText),
      }))
      const asOf = isoTime(clock.nowMicros())
      return send(200, embedPage({ ...asked, title: found.title, theme, tiles, fields, token, asOf }))
    } catch (error) {
      if (!(error instanceof MillpondError) || error.kind === 'bug') throw error
      return send(error.status, embedRefusedPage(asked, error.message))
    }
  })
}

/** Error: embed-refused. */
function lentBy({ control }: ApiDeps, id: string): Principal {
  const found = control.principalById(id)
  if (found === undefined || found.disabledAtMicros !== null || found.role === 'admin')
    throw refused('The service that this dashboard asks as is gone')
  const { kind, handle, role, attributes } = found
  return { id, kind, handle, role, attributes }
}

interface Shown {
  readonly settings: EmbedSettings
  readonly principal: Principal
  readonly theme: 'light' | 'dark'
  readonly signal: AbortSignal
}

async function tilesOf(deps: ApiDeps, { id, latest }: Dashboard, shown: Shown): Promise<EmbedTile[]> {
  const own = latest.parameters.map(({ name }) => name)
  const settings = Object.fromEntries(
    Object.entries(shown.settings).map(([name, value]) => [
      own.find((one) => one.toLowerCase() === name.toLowerCase()) ?? name,
      value,
    ]),
  )
  return Promise.all(latest.tiles.map(async (tile) => drawnTile(deps, { ...latest, id }, tile, { ...shown, settings })))
}

/** What a query says of its failure names tables and values: none of it is for strangers. */
async function drawnTile(
  deps: ApiDeps,
  dashboard: DashboardVersion & { readonly id: string },
  tile: Tile,
  shown: Shown,
): Promise<EmbedTile> {
  const { settings, principal, theme, signal } = shown
  const { title, chart, place } = tile
  const size = {
    width: Math.round((place.width * pageWidth) / 12) - 2 * gap,
    height: Math.max(60, place.height * (rowHeight + gap) - 4 * gap),
  }
  try {
    const asked = dashboardsOf(deps)().trustedRequest(dashboard, tile, settings, { principal, port: 'portal' })
    const job = await deps.query.submit(asked, signal)
    const rows = await chartRowsOf(await job.result())
    const drawing = rows.count === 0 ? undefined : draw(rows, readChart(chart, 'table'), size, title)
    return { title, place, svg: drawing && svgText(drawing, theme), hasFailed: false }
  } catch (error) {
    if (!(error instanceof MillpondError) || error.kind === 'bug')
      deps.log.error({ err: error, dashboard: dashboard.id, tile: tile.id }, 'A tile of an embedded dashboard failed.')
    return { title, place, svg: undefined, hasFailed: true }
  }
}

/** `p.<parameter>` of the address. */
function givenIn({ query }: FastifyRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(query as Record<string, unknown>).flatMap(([name, value]): [string, string][] =>
      name.startsWith('p.') && typeof value === 'string' && value.length <= 4_000 ? [[name.slice(2), value]] : [],
    ),
  )
}

function shownDefault(setting: EmbedSettings[string] | undefined): string {
  if (setting === undefined) return ''
  return 'relative' in setting ? setting.relative : valueText(setting.value)
}

function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    gone.abort()
  })
  return gone.signal
}

/** Only pages of the origins that were named may show it; nothing of it runs or loads anything. */
function headersOf(nonce: string, origins: readonly string[] | undefined): Readonly<Record<string, string>> {
  const ancestors = origins === undefined ? `'none'` : origins.join(' ')
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors ${ancestors}`
  return { ...pageHeaders, vary: 'accept-language', 'content-security-policy': policy }
}
