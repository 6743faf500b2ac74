// One call of the public API by its name in the document, with the types that stand in portal/api/calls.ts.
import type { Asked, Calls } from '../../api/calls.ts'
import { ask } from './ask.ts'

interface Parts {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** Error: ApiError, or the AbortError of the signal. */
export async function call<Name extends keyof Calls>(
  name: Name,
  ...[asked]: object extends Asked<Name> ? [asked?: Asked<Name>] : [asked: Asked<Name>]
): Promise<Calls[Name]['answer']> {
  const { body, signal, ...address }: Parts = asked ?? {}
  const [method = 'GET'] = name.split(' ')
  return ask(addressOf(name, address), {
    method,
    ...(body === undefined ? {} : { json: body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

export function addressOf(name: string, { params = {}, query = {} }: Pick<Parts, 'params' | 'query'>): string {
  const [, route = ''] = name.split(' ')
  const path = route.replaceAll(/:(\w+)/g, (_all, part: string) => encodeURIComponent(params[part] ?? ''))
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  ).toString()
  return search === '' ? path : `${path}?${search}`
}
