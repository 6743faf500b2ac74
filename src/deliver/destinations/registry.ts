// Every type of destination, one line each.
import { MillpondError } from '../../core/errors.ts'
import type { DestinationType } from './destination.ts'
import { ga4 } from './ga4/ga4.ts'
import { meta } from './meta/meta.ts'
import { mixpanel } from './mixpanel/mixpanel.ts'
import { objectStorage } from './object-storage/object-storage.ts'
import { webhook } from './webhook/webhook.ts'

export const destinationTypes: readonly DestinationType[] = [mixpanel, ga4, meta, webhook, objectStorage]

/** Error: not-found. */
export function destinationTypeOf(name: string): DestinationType {
  const found = destinationTypes.find(({ type }) => type === name)
  if (found !== undefined) return found
  const names = destinationTypes.map(({ type }) => type).join(', ')
  throw new MillpondError('not-found', `There is no type of destination "${name.slice(0, 100)}". There are: ${names}`)
}
