// The routes of the API as a list, looked through by the path of a call. Our own and not Fastify's, because methods arrive tunnelled
// (X-HTTP-Method-Override), names are up to 1,024 letters long, and the discovery document is made from the same list.
import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Principal } from '../../control/principals.ts'
import { invalid } from './google-error.ts'
import type { JsonObject } from './body.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Call {
  readonly principal: Principal
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: QueryFields
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Of JSON calls; read once. Errors: invalid, uploadTooLarge. */
  body(): Promise<JsonObject>
}

/** An object is sent as JSON, text is JSON already, undefined is 204. */
export type Answer = object | string | undefined

export interface Route {
  /** As in Google's discovery document: `bigquery.tables.get`. */
  readonly id: string
  readonly method: Method
  /** `projects/{projectId}/datasets/{datasetId}`, without the mount. */
  readonly path: string
  /** Below /upload and /resumable/upload, where the body isn't JSON, instead of the API's own mounts. */
  readonly upload?: boolean
  readonly handle: (call: Call) => Promise<Answer> | Answer
}

interface CompiledRoute {
  readonly route: Route
  readonly pattern: RegExp
  readonly names: readonly string[]
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export class Router {
  readonly routes: readonly Route[]
  readonly #compiled: readonly CompiledRoute[]

  constructor(routes: readonly Route[]) {
    this.routes = routes
    this.#compiled = routes.map(compile)
  }

  /** `path`: behind the mount, encoded, without a query. undefined: nothing is there. Error: invalid. */
  find(method: string, path: string, isUpload: boolean): Match | undefined {
    const clean = path.replace(/^\/+|\/+$/g, '')
    for (const { route, pattern, names } of this.#compiled) {
      if (route.method !== method || (route.upload === true) !== isUpload) continue
      const match = pattern.exec(clean)
      if (match === null) continue
      return { route, params: Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')])) }
    }
    return undefined
  }
}

function compile(route: Route): CompiledRoute {
  const names: string[] = []
  const pattern = route.path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, (_all, name: string) => {
    names.push(name)
    return '([^/]+?)'
  })
  return { route, pattern: new RegExp(`^${pattern}$`), names }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('The path is not encoded as UTF-8.')
  }
}

/** Of a URL. The last of several fields with one name counts. */
export class QueryFields {
  readonly #fields: URLSearchParams

  constructor(search: string) {
    this.#fields = new URLSearchParams(search)
  }

  text(name: string): string | undefined {
    const value = this.#fields.getAll(name).at(-1)
    return value === undefined || value === '' ? undefined : value
  }

  all(name: string): readonly string[] {
    return this.#fields.getAll(name)
  }

  /** `true` and Python's `True`. Error: invalid. */
  flag(name: string): boolean {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined || value === 'false' || value === '0') return false
    if (value === 'true' || value === '1') return true
    throw invalid(`Invalid value for ${name}: ${value.slice(0, 100)} is not a valid value`, name)
  }

  /** Error: invalid. */
  whole(name: string): number | undefined {
    return wholeNumber(this.text(name), name)
  }
}

/** Of a field that is INT64 in the API but must fit a count here. Larger than any count: the largest. Error: invalid. */
export function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,20}$/.test(text))
    throw invalid(`Invalid value for ${name}: ${text.slice(0, 100)} is not a valid value`, name)
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}
