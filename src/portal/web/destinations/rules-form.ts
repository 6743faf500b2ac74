// Rules of a destination as a form holds them: lists as lines, absent as empty.
import type { RoutingRules } from '../../api/destination-answers.ts'

/** Names of the form's fields. */
export const ruleFields = ['only', 'not', 'filter', 'fieldsNot', 'fieldsOnly', 'fieldsHash', 'mapping', 'code'] as const
export type RuleField = (typeof ruleFields)[number]

export interface RulesForm extends Readonly<Record<RuleField, string>> {
  /** Those that go; all of them: no rule. */
  readonly calls: readonly (typeof allCalls)[number][]
  /** '' = no sample. */
  readonly percent: string
  readonly by: 'person' | 'event'
}

export const allCalls = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const

export function formOf({ calls, events, filter, sample, fields, mapping, code }: RoutingRules): RulesForm {
  return {
    calls: calls ?? allCalls,
    only: textOf(events?.only),
    not: textOf(events?.not),
    percent: sample === undefined ? '' : String(sample.percent),
    by: sample?.by ?? 'person',
    filter: filter ?? '',
    fieldsNot: textOf(fields?.not),
    fieldsOnly: textOf(fields?.only),
    fieldsHash: textOf(fields?.hash),
    mapping: mapping ?? '',
    code: code ?? '',
  }
}

export function rulesOf(form: RulesForm): RoutingRules {
  const events = given({ only: linesOf(form.only), not: linesOf(form.not) })
  const fields = given({ only: linesOf(form.fieldsOnly), not: linesOf(form.fieldsNot), hash: linesOf(form.fieldsHash) })
  return given({
    calls: form.calls.length === allCalls.length ? undefined : form.calls,
    events: Object.keys(events).length === 0 ? undefined : events,
    filter: form.filter.trim() || undefined,
    sample: form.percent.trim() === '' ? undefined : { percent: Number(form.percent), by: form.by },
    fields: Object.keys(fields).length === 0 ? undefined : fields,
    mapping: form.mapping.trim() || undefined,
    code: form.code.trim() === '' ? undefined : form.code,
  })
}

function textOf(lines: readonly string[] | undefined): string {
  return lines?.join('\n') ?? ''
}

function linesOf(text: string): string[] | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.length === 0 ? undefined : lines
}

type Given<Value> = { readonly [Key in keyof Value]?: Exclude<Value[Key], undefined> }

function given<Value extends object>(value: Value): Given<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Given<Value>
}
