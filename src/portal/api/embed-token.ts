// A dashboard in a page of somebody else's: what their server has signed says which one, for how long, and which values are fixed.
//
//   their server: JWT (HS256) { dashboard, params, iat, exp } ─▶ iframe /embed/<dashboard>?token=… ─▶ checked here ─▶ tiles, with the
//   rights of the service that an administrator has chosen
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'

import type { Dashboard } from '../../control/dashboards.ts'
import type { JsonValue } from '../../control/json-value.ts'
import type { ParameterDefinition, ParameterSetting } from '../../control/saved-queries.ts'
import { MillpondError } from '../../core/errors.ts'
import { sameName } from '../../jobs/parameters.ts'

export type EmbedSettings = Readonly<Record<string, ParameterSetting>>

/** Of a token: whoever copies an address out of a page has it no longer. */
const lifeSecondsMax = 600
/** Clocks of servers differ. */
const toleranceSeconds = 30
/** A token stands in an address. */
const tokenLengthMax = 8_000

const settingInput = z.union([
  z.strictObject({ relative: z.string().max(100) }),
  z.union([z.string().max(4_000), z.number(), z.boolean(), z.null()]).transform((value) => ({ value })),
])
const claimsInput = z.object({
  dashboard: z.string().min(1).max(200),
  params: z.record(z.string().max(128), settingInput).default({}),
  iat: z.number(),
  exp: z.number(),
})

/** The values that are fixed. Error: embed-refused. */
export async function readEmbedToken(
  token: string,
  secret: string,
  { id, slug, latest }: Dashboard,
  nowMs: number,
): Promise<EmbedSettings> {
  if (token.length > tokenLengthMax) throw refused('The token is too long')
  const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
    algorithms: ['HS256'],
    currentDate: new Date(nowMs),
    clockTolerance: toleranceSeconds,
    requiredClaims: ['iat', 'exp'],
  }).catch((error: unknown) => {
    if (error instanceof errors.JWTExpired) throw refused('This view has ended: load the page again')
    if (error instanceof errors.JOSEError) throw refused('The token is not signed for this dashboard')
    throw error
  })
  const claims = claimsInput.safeParse(payload)
  if (!claims.success) throw refused(`The token's claims: ${claims.error.issues[0]?.message ?? 'not valid'}`)
  const { dashboard, params, iat, exp } = claims.data
  if (dashboard !== id && dashboard !== slug) throw refused('The token is not signed for this dashboard')
  if (iat > nowMs / 1000 + toleranceSeconds)
    throw refused('The token is from the future: look at the clock of its server')
  if (exp - iat > lifeSecondsMax) throw refused(`A token lives ${lifeSecondsMax} seconds at most: \`exp\` is later`)
  const unknown = Object.keys(params).find((name) => definitionOf(latest.parameters, name) === undefined)
  if (unknown !== undefined) throw refused(`The dashboard has no parameter ${unknown}`)
  return params
}

/** What whoever looks may choose, and what stands. A value of theirs for a fixed parameter is not heard. */
export function openParameters(
  { latest }: Pick<Dashboard, 'latest'>,
  fixed: EmbedSettings,
  given: Readonly<Record<string, string>>,
): { readonly open: readonly ParameterDefinition[]; readonly settings: EmbedSettings } {
  const open = latest.parameters.filter(({ name }) => !Object.keys(fixed).some((one) => sameName(one, name)))
  const chosen = open.flatMap((definition): [string, ParameterSetting][] => {
    const text = given[definition.name]
    return text === undefined || text === '' ? [] : [[definition.name, settingOf(definition, text)]]
  })
  return { open, settings: { ...Object.fromEntries(chosen), ...fixed } }
}

/** What somebody typed: one of the choices, a relative date, or the value as a text. */
function settingOf({ type, choices }: ParameterDefinition, text: string): ParameterSetting {
  const choice = choices?.find((one) => valueText(one) === text)
  if (choice !== undefined) return { value: choice }
  const isRelative = /^(?:DATE|DATETIME|TIMESTAMP)$/.test(type) && !/^\d{4}-/.test(text)
  return isRelative ? { relative: text } : { value: text }
}

/** As a field shows it. */
export function valueText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function definitionOf(parameters: readonly ParameterDefinition[], name: string): ParameterDefinition | undefined {
  return parameters.find((one) => sameName(one.name, name))
}

export function refused(message: string): MillpondError {
  return new MillpondError('embed-refused', message)
}
