// Parameters as a form: what each would be now, and what it may be chosen from. Choices that come from a query are asked for with the
// rights of whoever fills in the form; they may depend on other fields, whose values are bound.
import { messageOf, MillpondError } from '../core/errors.ts'
import type { JsonValue } from '../control/json-value.ts'
import type { Principal } from '../control/principals.ts'
import type { ParameterDefinition, ParameterSetting } from '../control/saved-queries.ts'
import type { JobResult, Port, QueryRoad } from '../query/contract.ts'
import { jsonValue } from '../query/encode/json-value.ts'
import { checkDefinitions, type Moment, namedIn, queryParameters, resolveOne, sameName } from './parameters.ts'
import { queryText } from './target-script.ts'

export interface FormAsked {
  readonly parameters: readonly ParameterDefinition[]
  readonly values: Readonly<Record<string, ParameterSetting>>
  readonly moment: Moment
}

export interface FormField {
  readonly name: string
  /** As it would be bound now: relative dates are dates. Absent: it has none yet, or `error`. */
  readonly value?: JsonValue | undefined
  /** What is wrong with the value, or with the query of the choices. */
  readonly error?: string | undefined
  /** Absent: anything goes, or fields that they depend on have no value yet. */
  readonly choices?: readonly JsonValue[] | undefined
  /** There are more choices than these. */
  readonly hasMore?: true | undefined
  /** Fields that the choices depend on. */
  readonly needs: readonly string[]
}

export interface FormCaller {
  readonly principal: Principal
  readonly port: Port
}

type Choices = Pick<FormField, 'choices' | 'hasMore' | 'error'>

export const choicesMax = 1_000
/** Of one list, as JSON. */
const choicesCharsMax = 1_000_000

/** One field after the other: a form is no reason to take more than one turn of the queue. Errors: request-invalid, query-invalid. */
export async function parameterForm(
  road: Pick<QueryRoad, 'submit'>,
  asked: FormAsked,
  caller: FormCaller,
  signal: AbortSignal,
): Promise<FormField[]> {
  checkDefinitions(asked.parameters, asked.moment.zone)
  const known = asked.parameters.map((definition) => ({ definition, ...valueNow(definition, asked) }))
  const fields: FormField[] = []
  for (const { definition, value, error } of known) {
    const { name, choices, choicesSql } = definition
    const needed = choicesSql === undefined ? [] : namedIn(choicesSql)
    const given = known.filter(({ definition: other }) => needed.some((one) => sameName(one, other.name)))
    const isReady = choicesSql !== undefined && given.every((one) => one.value !== undefined)
    const offered = isReady
      ? await choicesOf(road, { sql: choicesSql, given, caller }, signal)
      : { choices: choices ?? undefined }
    fields.push({
      name,
      value,
      needs: given.map((one) => one.definition.name),
      ...offered,
      error: error ?? offered.error,
    })
  }
  return fields
}

interface Known {
  readonly definition: ParameterDefinition
  readonly value?: JsonValue | undefined
}

function valueNow(definition: ParameterDefinition, { values, moment }: FormAsked): Pick<FormField, 'value' | 'error'> {
  const name = Object.keys(values).find((one) => sameName(one, definition.name))
  const setting = (name === undefined ? undefined : values[name]) ?? definition.default
  if (setting === undefined) return {}
  try {
    return { value: resolveOne(definition, setting, moment) }
  } catch (error) {
    return { error: told(error) }
  }
}

interface ChoicesAsked {
  readonly sql: string
  readonly given: readonly Known[]
  readonly caller: FormCaller
}

async function choicesOf(
  road: Pick<QueryRoad, 'submit'>,
  { sql, given, caller }: ChoicesAsked,
  signal: AbortSignal,
): Promise<Choices> {
  const values = Object.fromEntries(given.map(({ definition, value }) => [definition.name, value ?? null]))
  const parameters = queryParameters(
    given.map(({ definition }) => definition),
    values,
  )
  try {
    const request = {
      ...caller,
      sql: queryText(sql) ?? sql,
      dialect: 'googlesql',
      parameters,
      onlyReads: true,
    } as const
    const job = await road.submit({ ...request, labels: { purpose: 'choices' } }, signal)
    return await readChoices(await job.result())
  } catch (error) {
    return { error: told(error) }
  }
}

/** Error: request-invalid. */
async function readChoices(result: JobResult): Promise<Choices> {
  const [column, ...others] = result.columns
  if (column === undefined || others.length > 0) {
    await result.close()
    throw new MillpondError('request-invalid', 'The query of the choices gives one column')
  }
  const found = new Map<string, JsonValue>()
  let chars = 0
  for await (const chunk of result.chunks) {
    for (let row = 0; row < chunk.rowCount; row += 1) {
      const value = jsonValue(chunk.columns[0]?.[row] ?? null, column.type) as JsonValue
      const key = JSON.stringify(value)
      if (value === null || found.has(key)) continue
      chars += key.length
      if (found.size === choicesMax || chars > choicesCharsMax) return { choices: [...found.values()], hasMore: true }
      found.set(key, value)
    }
  }
  return { choices: [...found.values()] }
}

/** The caller's own mistakes stand at their field; everything else is the whole form's. */
function told(error: unknown): string {
  if (error instanceof MillpondError && error.kind === 'user') return messageOf(error)
  throw error
}
