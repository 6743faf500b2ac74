// The types of a statement's parameters: as the client declared them, as a cast beside them says, or as the engine finds out.
import type { EngineType } from '../../../warehouse/session.ts'
import type { StatementText, Token } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import { oidOf, oids } from '../values/oids.ts'
import { castTypeOf } from '../values/parameters.ts'
import { typeOid } from '../values/type-names.ts'
import type { Engine } from './engine.ts'

const parametersMax = 65_535

export async function parameterOids(
  source: StatementText,
  declared: readonly number[],
  engine: Pick<Engine, 'describe'>,
): Promise<readonly number[]> {
  const count = source.tokens.reduce(
    (most, token) => (token.kind === 'parameter' ? Math.max(most, Number(token.value)) : most),
    0,
  )
  if (count > parametersMax) throw new PgError(states.limit, 'Too many parameters')
  const found = Array.from({ length: Math.max(count, declared.length) }, (_, index) => {
    const oid = declared[index] ?? 0
    return oid === 0 || oid === oids.unknown ? (besideCast(source.tokens, index + 1) ?? 0) : oid
  })
  if (found.every((oid) => oid !== 0)) return found
  const known = found.flatMap((oid, index): [number, string][] => (oid === 0 ? [] : [[index + 1, castTypeOf(oid)]]))
  const { shape, isCatalog } = await engine.describe(source, new Map(known))
  return found.map((oid, index) => {
    if (oid !== 0) return oid
    const parameter = shape.parameters.find(({ name }) => Number(/\d+$/.exec(name)?.[0]) === index + 1)
    return parameterOid(parameter?.type, isCatalog)
  })
}

function parameterOid(type: EngineType | undefined, isCatalog: boolean): number {
  if (type === undefined || type.kind === 'NULL') return oids.text
  return oidOf(type, isCatalog)
}

/** $1::int, CAST($1 AS int), LIMIT $1. */
function besideCast(tokens: readonly Token[], number: number): number | undefined {
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'parameter' || Number(token.value) !== number) continue
    const next = tokens[index + 1]
    const before = tokens[index - 1]
    const isCast =
      next?.text === '::' || (next?.lower === 'as' && before?.text === '(' && tokens[index - 2]?.lower === 'cast')
    const oid = isCast ? typeOid(tokens, index + 2) : undefined
    if (oid !== undefined) return oid
    if (before?.lower === 'limit' || before?.lower === 'offset') return oids.int8
  }
  return undefined
}
