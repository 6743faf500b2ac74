// Dashboards, the rows behind a tile, and a tile as a picture. `:id` is an id or the slug of the address.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'

import { draw } from '../../charts/draw.ts'
import { readChart } from '../../charts/read-chart.ts'
import { svgText } from '../../charts/svg-text.ts'
import type { Dashboard, DashboardVersion } from '../../control/dashboards.ts'
import type { Principal } from '../../control/principals.ts'
import { isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { Dashboards, gridColumns } from '../../dashboards/dashboards.ts'
import { chartRowsOf } from '../../dashboards/tile-rows.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type {
  DashboardAnswer,
  DashboardAsked,
  DashboardListed,
  DashboardVersionAnswer,
  TileAsked,
} from './dashboard-answers.ts'
import { answerRows } from './query.ts'
import { definitionInput, idOf, identified, settingInput, zoneInput } from './saved-queries.ts'
import { lines, says } from './says.ts'

const tilesMax = 100
const heightMax = 100
const svg = 'image/svg+xml'

const whole = (low: number, high: number) => z.number().int().min(low).max(high)
const tileInput = z.strictObject({
  id: z.string().regex(/^[\w-]{1,40}$/, 'is letters, digits, - and _'),
  title: z.string().trim().max(200).default(''),
  query: z.string().min(1).max(500).optional(),
  sql: z.string().min(1).max(1_000_000).optional(),
  dialect: z.enum(['googlesql', 'duckdb']).optional(),
  chart: z.record(z.string().max(100), z.unknown()).default({}),
  place: z.strictObject({
    x: whole(0, gridColumns - 1),
    y: whole(0, 10_000),
    width: whole(1, gridColumns),
    height: whole(1, heightMax),
  }),
})
const slugInput = z
  .string()
  .max(100)
  .regex(/^[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*$/u, 'is letters and digits, with single dashes between')
const dashboardInput: z.ZodType<DashboardAsked> = z.strictObject({
  slug: slugInput,
  title: z.string().trim().min(1).max(200),
  description: z.string().max(10_000).default(''),
  parameters: z.array(definitionInput).max(50).default([]),
  zone: zoneInput,
  tiles: z.array(tileInput).max(tilesMax).default([]),
  refreshSeconds: whole(10, 86_400).optional(),
})
const saveInput = z.object({ version: whole(1, Number.MAX_SAFE_INTEGER) }).and(z.record(z.string(), z.unknown()))
const tileAddress = identified.extend({ tile: z.string().min(1).max(40) })
const settings = z.record(z.string().max(128), settingInput)
const tileAsked: z.ZodType<TileAsked> = z.strictObject({ parameters: settings.default({}) })
const pictureAsked = z.object({
  theme: z.enum(['light', 'dark']).default('light'),
  width: z.coerce.number().int().min(100).max(4000).default(640),
  height: z.coerce.number().int().min(60).max(4000).default(320),
  /** JSON, as of the rows. */
  parameters: z.string().max(100_000).default('{}'),
})

export function dashboardRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { told, versionTold } = tellers(deps)
  const dashboards = dashboardsOf(deps)

  app.get('/api/dashboards', says('Dashboards'), (): { dashboards: readonly DashboardListed[] } => ({
    dashboards: dashboards()
      .list()
      .map(({ id, slug, title, description, owner, latest }) => ({
        id,
        slug,
        title,
        description,
        tiles: latest.tiles.length,
        owner: deps.control.principalById(owner)?.handle,
        savedAt: isoTime(latest.savedAtMicros),
      })),
  }))

  app.post(
    '/api/dashboards',
    says('Makes a dashboard', { body: dashboardInput, status: 201 }),
    async (request, reply) => {
      const { slug, title, description, ...content } = parseInput(dashboardInput, request.body)
      const made = dashboards().add({ slug, title, description }, content, request.principal)
      return reply.code(201).send(told(made, request.principal))
    },
  )

  app.get('/api/dashboards/:id', says('One dashboard, in its newest version', { params: identified }), (request) =>
    told(dashboards().get(idOf(request.params)), request.principal),
  )

  app.put(
    '/api/dashboards/:id',
    says('Saves a dashboard; `version` is the one that was changed', { params: identified, body: saveInput }),
    (request) => {
      const { version, ...rest } = parseInput(saveInput, request.body)
      const { slug, title, description, ...content } = parseInput(dashboardInput, rest)
      const place = { slug, title, description }
      return told(
        dashboards().save(idOf(request.params), version, place, content, request.principal),
        request.principal,
      )
    },
  )

  app.delete(
    '/api/dashboards/:id',
    says('Removes a dashboard with its versions', { params: identified, status: 204 }),
    async (request, reply) => {
      dashboards().remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  app.get('/api/dashboards/:id/versions', says('All versions of a dashboard', { params: identified }), (request) => ({
    versions: dashboards().versions(idOf(request.params)).map(versionTold),
  }))

  tileRoutes(app, deps)
}

function tileRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const dashboards = dashboardsOf(deps)

  app.post(
    '/api/dashboards/:id/tiles/:tile/rows',
    says('The rows of a tile, as lines', { params: tileAddress, body: tileAsked, media: lines }),
    async (request, reply): Promise<FastifyReply> => {
      const { id, tile } = parseInput(tileAddress, request.params)
      const { parameters } = parseInput(tileAsked, request.body)
      const caller = { principal: request.principal, port: 'portal' as const }
      return answerRows(deps, dashboards().request(id, tile, parameters, caller), reply)
    },
  )

  app.get(
    '/api/dashboards/:id/tiles/:tile/picture.svg',
    says('A tile as a picture', { params: tileAddress, query: pictureAsked, media: svg }),
    async (request, reply): Promise<FastifyReply> => {
      const { id, tile: tileId } = parseInput(tileAddress, request.params)
      const { theme, width, height, parameters } = parseInput(pictureAsked, request.query)
      const given = parseInput(settings, parsedJson(parameters))
      const caller = { principal: request.principal, port: 'portal' as const }
      const asked = dashboards().request(id, tileId, given, caller)
      const gone = new AbortController()
      reply.raw.once('close', () => {
        gone.abort()
      })
      const job = await deps.query.submit(asked, gone.signal)
      const rows = await chartRowsOf(await job.result())
      const { title, chart } = dashboards()
        .get(id)
        .latest.tiles.find((one) => one.id === tileId) ?? { title: '', chart: {} }
      const drawing = draw(rows, readChart(chart, 'table'), { width, height }, title)
      const empty = { width, height, label: title, shapes: [] }
      // Titles come from senders: if a browser opens the picture itself, nothing in it may run or load.
      return reply
        .headers({ 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'private, no-cache' })
        .type(svg)
        .send(svgText(drawing ?? empty, theme))
    },
  )
}

/** Per request: the deps are none of ours to look into before anybody asks. */
export function dashboardsOf(deps: ApiDeps): () => Dashboards {
  return () => new Dashboards({ control: deps.control, saved: deps.jobs.saved, clock: deps.clock })
}

function tellers({ control }: ApiDeps) {
  const handleOf = (id: string): string | undefined => control.principalById(id)?.handle
  const versionTold = ({ savedBy, savedAtMicros, ...rest }: DashboardVersion): DashboardVersionAnswer => ({
    ...rest,
    savedBy: handleOf(savedBy),
    savedAt: isoTime(savedAtMicros),
  })
  const told = (dashboard: Dashboard, by: Principal): DashboardAnswer => {
    const { id, slug, title, description, owner, createdAtMicros, latest } = dashboard
    return {
      ...versionTold(latest),
      id,
      slug,
      title,
      description,
      owner: handleOf(owner),
      createdAt: isoTime(createdAtMicros),
      isMine: owner === by.id || by.role === 'admin',
    }
  }
  return { told, versionTold }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new MillpondError('request-invalid', '`parameters`: is no JSON')
  }
}
