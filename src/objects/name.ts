// What may name an object, checked by every driver alike: names become paths of files and addresses of clouds.
import { MillpondError } from '../core/errors.ts'

const nameCharsMax = 512
const partShape = /^[A-Za-z0-9._-]+$/

function isPart(text: string): boolean {
  return partShape.test(text) && text !== '.' && text !== '..'
}

export function isObjectName(name: string): boolean {
  return name.length <= nameCharsMax && name.split('/').every(isPart)
}

/** Error: object-name-invalid. */
export function checkObjectName(name: string): void {
  if (isObjectName(name)) return
  throw nameInvalid(
    name,
    `names are parts of letters, digits, ".", "_" and "-", joined by "/", ${nameCharsMax} characters at most`,
  )
}

export function nameInvalid(name: string, reason: string): MillpondError {
  return new MillpondError(
    'object-name-invalid',
    `${JSON.stringify(name.slice(0, 80))} can't name an object: ${reason}.`,
  )
}
