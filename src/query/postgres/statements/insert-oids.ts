// Parameters that stand alone in the VALUES of an INSERT have the types of its columns: drivers ask, and some insist.
import { type StatementText, tokenize } from '../rewrite/lexer.ts'
import { quote } from '../rewrite/tables.ts'
import { oidOf, oids } from '../values/oids.ts'
import type { Engine } from './engine.ts'
import type { WriteStatement } from './write-statement.ts'

/** `declared`, with what the columns tell in the places of those that nobody declared. */
export async function withColumnOids(
  write: Extract<WriteStatement, { readonly kind: 'insert' }>,
  source: StatementText,
  declared: readonly number[],
  engine: Pick<Engine, 'describe'>,
): Promise<readonly number[]> {
  const places = parameterPlaces(source)
  const isDeclared = (number: number): boolean => ![undefined, 0, oids.unknown].includes(declared[number - 1])
  if ([...places.keys()].every(isDeclared)) return declared
  const list = write.columns.length === 0 ? '*' : write.columns.map(quote).join(', ')
  const text = `SELECT ${list} FROM ${write.table.map(quote).join('.')}`
  const { shape } = await engine.describe({ tokens: tokenize(text), text, offset: 0 }, new Map())
  const found = [...declared]
  for (const [number, column] of places) {
    const type = shape.columns[column]?.type
    if (isDeclared(number) || type === undefined) continue
    while (found.length < number) found.push(0)
    found[number - 1] = oidOf(type, false)
  }
  return found
}

/** Number of the parameter -> index of its column. */
function parameterPlaces({ tokens }: StatementText): Map<number, number> {
  const places = new Map<number, number>()
  if (tokens[0]?.lower !== 'values') return places
  let depth = 0
  let column = 0
  for (const [index, { kind, text, value }] of tokens.entries()) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (text === '(' && depth === 1) column = 0
    else if (text === ',' && depth === 1) column += 1
    const isAlone = /^[(,]$/.test(tokens[index - 1]?.text ?? '') && /^[),]$/.test(tokens[index + 1]?.text ?? '')
    if (kind === 'parameter' && depth === 1 && isAlone && !places.has(Number(value))) places.set(Number(value), column)
  }
  return places
}
