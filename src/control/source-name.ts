// A source's name is also the name of its dataset, in every warehouse and in people's SQL.
import { MillpondError } from '../core/errors.ts'

const nameLengthMax = 63
const shape = /^[a-z][a-z0-9_]{0,62}$/

/** Our own datasets (now and planned), the engines' schemas, and words that would read as something else. */
const reserved: ReadonlySet<string> = new Set(
  (
    'millpond fed made logs devices ai unknown staging live all none ' +
    'main temp system memory public default sys information_schema pg_catalog ' +
    'null true false constructor prototype'
  ).split(' '),
)

/** Error: source-name-invalid, with a name that would do. */
export function checkSourceName(name: string): void {
  if (!shape.test(name)) {
    const mended = mend(name)
    const hint = mended === undefined ? '' : `. Try "${mended}"`
    throw new MillpondError(
      'source-name-invalid',
      `"${name.slice(0, 80)}" cannot name a source: names start with a lower-case letter, go on with lower-case letters, digits and _, and are at most ${nameLengthMax} long${hint}`,
    )
  }
  if (isReserved(name)) {
    throw new MillpondError('source-name-invalid', `"${name}" is reserved. Try "${name.slice(0, 55)}_source"`)
  }
}

function isReserved(name: string): boolean {
  return reserved.has(name) || name.startsWith('pg_') || name.startsWith('millpond_')
}

function mend(name: string): string | undefined {
  const words = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[^a-z]+|_+$/g, '')
    .slice(0, nameLengthMax)
  return words !== '' && shape.test(words) && !isReserved(words) ? words : undefined
}
