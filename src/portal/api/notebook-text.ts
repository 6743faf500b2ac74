// A query as a Jupyter notebook that asks it again: cells of Python or R. Whatever people wrote (SQL, values) stands in literals: opening
// somebody's query in a notebook must never run more than that query.
import { MillpondError } from '../../core/errors.ts'
import type { ParameterValue, QueryParameter } from '../../query/contract.ts'
import { typeName } from '../../sql/type-names.ts'
import type { SqlType } from '../../sql/types.ts'

export interface NotebookAsked {
  readonly sql: string
  readonly dialect: 'googlesql' | 'duckdb'
  readonly parameters: readonly QueryParameter[]
  readonly language: 'python' | 'r'
  /** Where Millpond is reached. */
  readonly address: string
}

interface Cell {
  readonly kind: 'code' | 'markdown'
  readonly text: string
}

/** As nbformat 4.5 has it. Errors: request-invalid. */
export function notebookOf(asked: NotebookAsked): object {
  const cells = asked.language === 'r' ? rCells(asked) : pythonCells(asked)
  const { language } = asked
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec:
        language === 'r'
          ? { name: 'ir', display_name: 'R', language: 'R' }
          : { name: 'python3', display_name: 'Python 3', language: 'python' },
      language_info: { name: language === 'r' ? 'R' : 'python' },
    },
    cells: cells.map(({ kind, text }, index) => ({
      id: `millpond-${index + 1}`,
      cell_type: kind,
      metadata: {},
      source: text,
      ...(kind === 'code' ? { execution_count: null, outputs: [] } : {}),
    })),
  }
}

function pythonCells(asked: NotebookAsked): Cell[] {
  const code = (text: string): Cell => ({ kind: 'code', text })
  if (asked.dialect === 'duckdb') return [tokenNote('pip install requests pyarrow pandas'), code(pythonExport(asked))]
  const magic = asked.parameters.every(isPlain) ? magicCells(asked) : [code(clientCall(asked))]
  return [keyNote, code(pythonSetUp(asked)), ...magic, code('frame.head()')]
}

const keyNote: Cell = {
  kind: 'markdown',
  text: [
    'Once: `pip install google-cloud-bigquery bigquery-magics pandas db-dtypes`, and a key of your own beside this notebook:',
    '`millpond key create NAME --out key.json`.',
  ].join('\n'),
}

function tokenNote(install: string): Cell {
  const token = 'and a token of your own in the environment variable `MILLPOND_TOKEN` (`millpond token create NAME`).'
  return { kind: 'markdown', text: `Once: \`${install}\`,\n${token}` }
}

function pythonSetUp({ address }: NotebookAsked): string {
  return [
    'import os',
    '',
    'os.environ.setdefault("GOOGLE_APPLICATION_CREDENTIALS", "key.json")',
    `os.environ.setdefault("BIGQUERY_EMULATOR_HOST", ${literal(address)})`,
    '%load_ext bigquery_magics',
  ].join('\n')
}

function magicCells({ sql, parameters }: NotebookAsked): Cell[] {
  const cell = (options: string): Cell => ({ kind: 'code', text: `%%bigquery frame --use_rest_api${options}\n${sql}` })
  if (parameters.length === 0) return [cell('')]
  const entries = parameters.map(({ name, type, value }) => `    ${literal(nameOf(name))}: ${plainText(type, value)},`)
  // In a variable: what stands in the line of a magic is read as an expression, braces and all.
  return [{ kind: 'code', text: ['parameters = {', ...entries, '}'].join('\n') }, cell(' --params $parameters')]
}

/** Types that the magic finds out by itself from a value; texts become dates and times by the query's own rules. */
const plainKinds: ReadonlySet<string> = new Set('STRING INT64 FLOAT64 BOOL DATE DATETIME TIME TIMESTAMP'.split(' '))
const plainElements: ReadonlySet<string> = new Set(['STRING', 'INT64', 'FLOAT64', 'BOOL'])

/** The magic knows no types, and can't read every value that Python writes. */
function isPlain({ type, value, name }: QueryParameter): boolean {
  const values = Array.isArray(value) ? (value as readonly ParameterValue[]) : [value]
  const isReadable = values.every((one) => typeof one === 'string' && /^[^\p{C}\p{Zl}\p{Zp}\\'"]*$/u.test(one))
  const isFinite = values.every((one) => !isFloat(type) || Number.isFinite(Number(one)))
  const isKnown =
    type.kind === 'ARRAY' ? plainElements.has(type.element.kind) && values.length > 0 : plainKinds.has(type.kind)
  return name !== undefined && isKnown && isReadable && isFinite
}

function isFloat(type: SqlType): boolean {
  return (type.kind === 'ARRAY' ? type.element : type).kind === 'FLOAT64'
}

function plainText(type: SqlType, value: ParameterValue): string {
  if (type.kind === 'ARRAY' && Array.isArray(value)) {
    return `[${(value as readonly ParameterValue[]).map((one) => plainText(type.element, one)).join(', ')}]`
  }
  const text = typeof value === 'string' ? value : ''
  switch (type.kind) {
    case 'INT64':
      return wholeNumber(text)
    case 'FLOAT64':
      // "1" would be a whole number.
      return `float(${literal(text)})`
    case 'BOOL':
      return text.toLowerCase() === 'true' ? 'True' : 'False'
    default:
      return literal(text)
  }
}

function wholeNumber(text: string): string {
  if (/^[+-]?\d{1,19}$/.test(text)) return BigInt(text).toString()
  throw new MillpondError('request-invalid', `"${text.slice(0, 80)}" is no whole number`)
}

/** Every type by its name, with Google's client. */
function clientCall({ sql, parameters }: NotebookAsked): string {
  const values = parameters.map(({ name, type, value }) => {
    const given = name === undefined ? 'None' : literal(name)
    if (type.kind === 'ARRAY') {
      const items = Array.isArray(value) ? (value as readonly ParameterValue[]).map(scalarText(type.element)) : []
      return `        bigquery.ArrayQueryParameter(${given}, "${scalarName(type.element)}", [${items.join(', ')}]),`
    }
    return `        bigquery.ScalarQueryParameter(${given}, "${scalarName(type)}", ${scalarText(type)(value)}),`
  })
  return [
    'import json',
    '',
    'from google.cloud import bigquery',
    '',
    `sql = ${pythonText(sql)}`,
    'config = bigquery.QueryJobConfig(',
    '    query_parameters=[',
    ...values,
    '    ]',
    ')',
    'frame = bigquery.Client().query_and_wait(sql, job_config=config).to_dataframe(create_bqstorage_client=False)',
  ].join('\n')
}

function scalarName(type: SqlType): string {
  if (type.kind !== 'ARRAY' && type.kind !== 'STRUCT' && type.kind !== 'RANGE') return type.kind
  throw new MillpondError(
    'request-invalid',
    `A notebook can't give a parameter of type ${type.kind}: write it into the query`,
  )
}

/** The client takes texts for all but whole numbers, booleans and JSON. */
function scalarText({ kind }: SqlType): (value: ParameterValue) => string {
  return (value) => {
    if (typeof value !== 'string') return 'None'
    if (kind === 'INT64') return wholeNumber(value)
    if (kind === 'FLOAT64') return `float(${literal(value)})`
    if (kind === 'BOOL') return value.toLowerCase() === 'true' ? 'True' : 'False'
    return kind === 'JSON' ? `json.loads(${literal(value)})` : literal(value)
  }
}

function pythonExport({ sql, dialect, parameters, address }: NotebookAsked): string {
  return [
    'import io, os, requests, pyarrow.parquet as pq',
    '',
    `sql = ${pythonText(sql)}`,
    'answer = requests.post(',
    `    ${literal(`${address}/api/export`)},`,
    '    headers={"Authorization": "Bearer " + os.environ["MILLPOND_TOKEN"]},',
    `    json={"sql": sql, "dialect": "${dialect}", "format": "parquet", "parameters": [`,
    ...parameters.map((one) => {
      const name = one.name === undefined ? '' : `"name": ${literal(one.name)}, `
      return `        {${name}"type": ${literal(typeName(one.type))}, "value": ${valueText(one.value, pythonForm)}},`
    }),
    '    ]},',
    ')',
    'answer.raise_for_status()',
    'frame = pq.read_table(io.BytesIO(answer.content)).to_pandas()',
    'frame.head()',
  ].join('\n')
}

function rCells({ sql, dialect, parameters, address }: NotebookAsked): Cell[] {
  const given = parameters.map((one) => {
    const name = one.name === undefined ? '' : `name = ${literal(one.name)}, `
    return `  list(${name}type = ${literal(typeName(one.type))}, value = ${valueText(one.value, rForm)})`
  })
  const text = [
    'library(httr2)',
    '',
    `sql <- ${rText(sql)}`,
    given.length === 0 ? 'parameters <- list()' : `parameters <- list(\n${given.join(',\n')}\n)`,
    `answer <- request(${literal(`${address}/api/export`)}) |>`,
    '  req_auth_bearer_token(Sys.getenv("MILLPOND_TOKEN")) |>',
    `  req_body_json(list(sql = sql, dialect = "${dialect}", format = "parquet", parameters = parameters)) |>`,
    '  req_perform()',
    'frame <- arrow::read_parquet(resp_body_raw(answer))',
    'head(frame)',
  ].join('\n')
  return [tokenNote('install.packages(c("httr2", "arrow"))'), { kind: 'code', text }]
}

interface Form {
  readonly nothing: string
  readonly list: (items: string) => string
}
const pythonForm: Form = { nothing: 'None', list: (items) => `[${items}]` }
const rForm: Form = { nothing: 'NULL', list: (items) => `list(${items})` }

function valueText(value: ParameterValue, form: Form): string {
  if (value === null) return form.nothing
  if (typeof value === 'string') return literal(value)
  return form.list(value.map((one) => valueText(one, form)).join(', '))
}

function nameOf(name: string | undefined): string {
  if (name === undefined) throw new MillpondError('bug', 'BUG: a parameter without a name is none for the magic')
  return name
}

/** A text of one line; JSON's form is Python's and R's, too. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

function pythonText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"')
  return `"""${escaped.replace(/"$/, '\\"')}"""`
}

/** R ≥ 4.0: a raw text ends where its own dashes stand. */
function rText(text: string): string {
  let dashes = '-'
  while (text.includes(`)${dashes}"`)) dashes += '-'
  return `r"${dashes}(${text})${dashes}"`
}
