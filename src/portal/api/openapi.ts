// The API's document (OpenAPI 3.1), made from what each route says of itself, and the page to read it on. Both know the door that they
// are asked at: the admin socket has more routes than the public port.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { referencePage } from '../page/reference-page.ts'
import { sessionCookie } from '../../control/session-store.ts'
import { roles } from '../../control/principals.ts'
import { sendPage } from './page.ts'
import { isOpenRoute, mayCall } from './role-routes.ts'
import { type Says, says } from './says.ts'

export interface SaidRoute {
  readonly method: string
  readonly url: string
  readonly says: Says | undefined
}

type Json = Readonly<Record<string, unknown>>

const errorSchema = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) })

/** Hears of every route that is added from now on. */
export function collectRoutes(app: FastifyInstance): readonly SaidRoute[] {
  const routes: SaidRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) {
      if (one !== 'HEAD' && url.startsWith('/api/')) routes.push({ method: one, url, says: config?.says })
    }
  })
  return routes
}

export function openapiRoutes(app: FastifyInstance, routes: readonly SaidRoute[]): void {
  // When somebody asks first: by then every route is there.
  let made: Json | undefined
  const document = (): Json => (made ??= openapiDocument(routes))

  app.get('/api/openapi.json', says('This API as an OpenAPI 3.1 document'), document)

  app.get('/api/docs', says('This API as a page to read', { media: 'text/html' }), async (_request, reply) =>
    sendPage(reply, 200, ({ nonce }) => referencePage(nonce, sectionsOf(routes))),
  )
}

export function openapiDocument(routes: readonly SaidRoute[]): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of sorted(routes)) {
    const path = (paths[openapiPath(route.url)] ??= {})
    path[route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millpond',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Everything that the portal shows and does. Programs send a token (`millpond token create NAME`) as `Authorization: Bearer …`; browsers that have signed in send their cookie.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(tagOf))].sort().map((name) => ({ name })),
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
      },
      schemas: { Error: jsonSchema(errorSchema, 'output') },
    },
  }
}

function operationOf(route: SaidRoute): Json {
  const { method, url, says: said = { summary: '' } } = route
  const { summary, body, bodyMedia = ['application/json'] } = said
  const parameters = parametersOf(route)
  return {
    operationId: operationId(method, url),
    tags: [tagOf(route)],
    summary,
    description: `Who may: ${whoMay(method, url)}.`,
    ...(isOpenRoute(method, url) ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(bodyMedia.map((media) => [media, { schema: jsonSchema(body, 'input') }])),
          },
        }),
    responses: {
      [said.status ?? 200]: successOf(said),
      default: {
        description: 'What is wrong: a code (docs/errors.md) and a sentence.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function successOf({ status = 200, media = 'application/json', answer }: Says): Json {
  const descriptions = { 200: 'Done.', 201: 'Made.', 202: 'Begun.', 204: 'Done.', 303: 'Go there.' } as const
  const description = descriptions[status]
  if (status === 204 || status === 303) return { description }
  const isJson = media === 'application/json'
  const schema = answer === undefined ? { type: isJson ? 'object' : 'string' } : jsonSchema(answer, 'output')
  return { description, content: { [media]: { schema } } }
}

function parametersOf({ url, says: said }: SaidRoute): Json[] {
  const inPath = propertiesOf(said?.params)
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const query = propertiesOf(said?.query)
  return [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: inPath.properties[name] ?? { type: 'string' },
    })),
    ...Object.entries(query.properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: query.required.includes(name),
      schema,
    })),
  ]
}

function propertiesOf(schema: z.ZodType | undefined): {
  readonly properties: Readonly<Record<string, unknown>>
  readonly required: readonly string[]
} {
  if (schema === undefined) return { properties: {}, required: [] }
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    readonly properties?: Readonly<Record<string, unknown>>
    readonly required?: readonly string[]
  }
  return { properties, required }
}

/** What refers to itself is any value here: names inside one schema mean nothing in a document of many. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const whole = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return JSON.parse(JSON.stringify(whole, withoutNoise)) as Json
}

function withoutNoise(key: string, value: unknown): unknown {
  if (key === '$schema' || key === '$defs') return undefined
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value) return {}
  // The pattern of a date is a page long and says no more than its name.
  if ('format' in value && 'pattern' in value && typeof value.format === 'string') {
    const { pattern: _, ...rest } = value
    return rest
  }
  return value
}

/** What the page shows, in its order. */
function sectionsOf(routes: readonly SaidRoute[]): Parameters<typeof referencePage>[1] {
  const byTag = new Map<string, ReturnType<typeof shownRoute>[]>()
  for (const route of sorted(routes)) {
    const tag = tagOf(route)
    byTag.set(tag, [...(byTag.get(tag) ?? []), shownRoute(route)])
  }
  return [...byTag].map(([name, shown]) => ({ name, routes: shown }))
}

function shownRoute(route: SaidRoute) {
  const { method, url, says: said = { summary: '' } } = route
  const status = said.status ?? 200
  const answer = said.answer === undefined ? undefined : jsonSchema(said.answer, 'output')
  return {
    id: operationId(method, url),
    method,
    path: openapiPath(url),
    summary: said.summary,
    who: whoMay(method, url),
    parameters: parametersOf(route).map(({ name, in: place, required, schema }) => ({
      name: String(name),
      place: String(place),
      isRequired: required === true,
      schema,
    })),
    body: said.body === undefined ? undefined : jsonSchema(said.body, 'input'),
    answer,
    status,
    media: status === 204 || status === 303 ? '' : (said.media ?? 'application/json'),
  }
}

function sorted(routes: readonly SaidRoute[]): SaidRoute[] {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  return routes.toSorted((one, other) => {
    if (one.url !== other.url) return one.url < other.url ? -1 : 1
    return methods.indexOf(one.method) - methods.indexOf(other.method)
  })
}

function openapiPath(url: string): string {
  return url.replaceAll(/:(\w+)/g, '{$1}')
}

function operationId(method: string, url: string): string {
  return `${method.toLowerCase()}-${url.slice('/api/'.length).replaceAll(/[^a-z0-9]+/gi, '-')}`
}

function tagOf({ url }: SaidRoute): string {
  const part = url.split('/')[2] ?? ''
  return part === 'openapi.json' ? 'docs' : part
}

function whoMay(method: string, url: string): string {
  if (isOpenRoute(method, url)) return 'everybody, also without a token'
  const may = roles.filter((role) => mayCall(role, method, url))
  return may.length === roles.length ? 'everybody who is signed in' : may.join(', ')
}
