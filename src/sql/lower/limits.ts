// STRING(10), NUMERIC(10, 2): what a value must keep to.
import { text } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { sharing } from './share.ts'

/** `sql` of that type, cut to its parameters: too long is an error (NULL if safe), digits beyond the scale are rounded. */
export function limited(sql: string, type: SqlType, limits: readonly number[], isSafe: boolean): string {
  const [first = 0, second = 0] = limits
  const wrong = (message: string): string => (isSafe ? 'NULL' : `error(${text(message)})`)
  if (type.kind === 'STRING' || type.kind === 'BYTES') {
    const length = type.kind === 'STRING' ? 'length' : 'octet_length'
    const message = `${type.kind}(${first}) has maximum length ${first} but got a value that is longer`
    return sharing([sql], (one) => `(CASE WHEN ${length}(${one}) > ${first} THEN ${wrong(message)} ELSE ${one} END)`)
  }
  const scale = type.kind === 'NUMERIC' ? 9 : 18
  const message = `${type.kind}(${limits.join(', ')}) has precision ${first} and scale ${second} but got a value that is not in range`
  const rounded = `CAST(TRY_CAST(${sql} AS DECIMAL(38,${second})) AS DECIMAL(38,${scale}))`
  const most = `'${'9'.repeat(first - second) || '0'}${second === 0 ? '' : `.${'9'.repeat(second)}`}'::DECIMAL(38,${scale})`
  return sharing([rounded], (one) => `(CASE WHEN abs(${one}) > ${most} THEN ${wrong(message)} ELSE ${one} END)`)
}
