// Judges events by their source's tracking plan, in the version that was in force when they came: the record says which. So the verdict is
// the same after a crash, and in a rebuild.
//
// Schemas are compiled by ajv. Whoever writes them is trusted with a source, not with the loader's time: what can take very long is
// refused when a plan is saved (`checkPlan`), and a pattern isn't tried on long texts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Ajv, type CodeOptions, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { LRUCache } from 'lru-cache'

import { MillpondError, messageOf } from '../../core/errors.ts'
import { isErrno } from '../../core/files.ts'
import { type PlanCall, planFileName, type PlanRule, type TrackingPlan } from '../../core/tracking-plan.ts'
import { stringifyExact } from './parse.ts'
import type { KeptEvent } from './screen.ts'

export interface PlanFinding {
  readonly action: 'flag' | 'quarantine'
  /** Where and what, never a value. */
  readonly problems: readonly string[]
}

type Judged = Pick<KeptEvent, 'type' | 'name' | 'event'> & Partial<Pick<KeptEvent, 'isExact'>>

const plansMax = 200
const planBytesMax = 256 * 1024
const rulesMax = 1_000
const problemsMax = 5
const problemLengthMax = 200
const patternedLengthMax = 1_000

/** `(a+)+`, `(a|b*)*`: time that doubles with each letter. Also `\1`. */
const slowPattern = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]|\\[1-9]/

const engine: NonNullable<CodeOptions['regExp']> = Object.assign(
  (pattern: string, flags: string) => {
    const own = new RegExp(pattern, flags)
    return { test: (text: string): boolean => text.length <= patternedLengthMax && own.test(text) }
  },
  { code: 'millpond' },
)

interface CompiledRule {
  readonly validate: ValidateFunction
  readonly action: 'flag' | 'quarantine'
}

export class CompiledPlan {
  readonly #rules = new Map<string, CompiledRule>()
  readonly #unplanned: TrackingPlan['unplanned']

  /** Error: request-invalid if a schema is none. */
  constructor({ rules, unplanned }: TrackingPlan) {
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      ownProperties: true,
      validateFormats: true,
      code: { regExp: engine },
    })
    addFormats.default(ajv, { mode: 'fast' })
    this.#unplanned = unplanned
    for (const rule of rules) this.#rules.set(keyOf(rule.call, rule.event), compiled(ajv, rule))
  }

  check({ type, name, event, isExact = false }: Judged): PlanFinding | undefined {
    if (type === 'alias') return undefined
    const rule = this.#rules.get(keyOf(type, type === 'track' ? name : undefined))
    if (rule === undefined) {
      if (type !== 'track' || this.#unplanned === 'allow') return undefined
      return { action: this.#unplanned, problems: ['the event is not in the plan'] }
    }
    const given = event[type === 'identify' || type === 'group' ? 'traits' : 'properties'] ?? {}
    // Schemas know numbers, and none that are longer than a double.
    const value: unknown = isExact ? JSON.parse(stringifyExact(given)) : given
    if (rule.validate(value)) return undefined
    return { action: rule.action, problems: problemsOf(rule.validate.errors ?? []) }
  }
}

/** The versions that records name, as they lie in a folder. */
export class PlanBook {
  readonly #folder: string
  readonly #plans = new LRUCache<string, CompiledPlan>({ max: plansMax })

  constructor(folder: string) {
    this.#folder = folder
  }

  check(source: string, version: number, event: Judged): PlanFinding | undefined {
    return this.#plan(source, version)?.check(event)
  }

  /** Undefined: there is no such file, which no record of ours can come before. */
  #plan(source: string, version: number): CompiledPlan | undefined {
    const name = planFileName(source, version)
    const known = this.#plans.get(name)
    if (known !== undefined) return known
    try {
      const plan = new CompiledPlan(JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as TrackingPlan)
      this.#plans.set(name, plan)
      return plan
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
  }
}

/** Error: request-invalid: a schema is none, or could take very long. */
export function checkPlan(plan: TrackingPlan): void {
  if (JSON.stringify(plan).length > planBytesMax) throw refused(`A plan has at most ${planBytesMax} bytes`)
  if (plan.rules.length > rulesMax) throw refused(`A plan has at most ${rulesMax} rules`)
  const keys = new Set<string>()
  for (const rule of plan.rules) {
    const { call, event, schema } = rule
    if ((call === 'track') !== (event !== undefined && event !== ''))
      throw refused('A rule of a track call names its event, and no other rule names one')
    if (keys.has(keyOf(call, event))) throw refused(`Two rules are of ${nameOf(rule)}`)
    keys.add(keyOf(call, event))
    checkSchema(schema, nameOf(rule))
  }
  void new CompiledPlan(plan)
}

function compiled(ajv: Ajv, rule: PlanRule): CompiledRule {
  try {
    return { validate: ajv.compile(rule.schema), action: rule.onViolation }
  } catch (error) {
    throw refused(`The schema of ${nameOf(rule)}: ${messageOf(error)}`)
  }
}

function checkSchema(part: unknown, name: string): void {
  if (typeof part !== 'object' || part === null) return
  for (const [key, value] of Object.entries(part)) {
    if (key === '$ref' && typeof value === 'string' && !value.startsWith('#'))
      throw refused(`The schema of ${name}: \`$ref\` leads to a place of its own only: #/…`)
    if (key === '$id' && typeof value === 'string') throw refused(`The schema of ${name}: it needs no \`$id\``)
    if (key === 'uniqueItems' && value === true)
      throw refused(`The schema of ${name}: \`uniqueItems\` compares everything with everything`)
    if (key === 'pattern' && typeof value === 'string') checkPattern(value, name)
    if (key === 'patternProperties' && typeof value === 'object' && value !== null)
      for (const pattern of Object.keys(value)) checkPattern(pattern, name)
    checkSchema(value, name)
  }
}

function checkPattern(pattern: string, name: string): void {
  if (slowPattern.test(pattern))
    throw refused(
      `The schema of ${name}: the pattern ${pattern.slice(0, 80)} repeats what repeats, and could take very long`,
    )
}

function problemsOf(errors: readonly ErrorObject[]): string[] {
  return errors.slice(0, problemsMax).map(({ instancePath, message = 'is not valid', keyword, params }) => {
    const name = keyword === 'additionalProperties' ? `: ${String(params['additionalProperty'])}` : ''
    return `${instancePath.slice(1).replaceAll('/', '.') || 'it'} ${message}${name}`
      .slice(0, problemLengthMax)
      .toWellFormed()
  })
}

function keyOf(call: PlanCall, event: string | undefined): string {
  return event === undefined ? call : `${call} ${event}`
}

function nameOf({ call, event }: PlanRule): string {
  return event === undefined ? call : `"${event.slice(0, 100)}"`
}

function refused(message: string): MillpondError {
  return new MillpondError('request-invalid', message)
}
