// The type of a column of CREATE TEMP TABLE, as Postgres writes it -> the engine's name of it.
import { tokenize } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import { oids } from '../values/oids.ts'
import { castTypeOf } from '../values/parameters.ts'
import { typeOid } from '../values/type-names.ts'

/** Error: a type that isn't one of ours. */
export function engineTypeOf(words: readonly string[]): string {
  const written = words.join(' ')
  const oid = typeOid(tokenize(written), 0)
  if (oid === undefined) throw new PgError(states.unknownObject, `type "${written.slice(0, 60)}" does not exist`)
  const size = /\( (\d{1,2}) (?:, (\d{1,2}) )?\)/.exec(written)
  if (oid === oids.numeric && size !== null) return `DECIMAL(${size[1]}, ${size[2] ?? 0})`
  return oid === oids.int2 ? 'SMALLINT' : castTypeOf(oid)
}
