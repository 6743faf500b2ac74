// Settings of a destination against its type: everything that is there is known, everything that is needed is there.
import { MillpondError } from '../../core/errors.ts'
import type { DestinationSettings, DestinationType } from './destination.ts'

const valueLengthMax = 4096

/** With defaults filled in. Error: request-invalid. */
export function checkSettings(type: DestinationType, given: Readonly<Record<string, string>>): DestinationSettings {
  const unknown = Object.keys(given).find((name) => !type.settings.some((spec) => spec.name === name))
  if (unknown !== undefined) {
    const names = type.settings.map(({ name }) => name).join(', ')
    throw new MillpondError('request-invalid', `${type.title} has no setting \`${unknown}\`. It has: ${names}`)
  }
  const settings: Record<string, string> = {}
  for (const { name, isRequired, choices, default: byDefault, example } of type.settings) {
    const value = (given[name] ?? byDefault ?? '').trim()
    if (value === '') {
      if (isRequired) throw new MillpondError('request-invalid', `\`${name}\` is missing, e.g. ${name}=${example}`)
      continue
    }
    if (choices !== undefined && !choices.includes(value)) {
      throw new MillpondError('request-invalid', `\`${name}\` is one of ${choices.join(', ')}`)
    }
    // They go into headers: a line break would begin another one.
    // oxlint-disable-next-line no-control-regex
    if (value.length > valueLengthMax || /[\u0000-\u001f\u007f]/.test(value)) {
      throw new MillpondError('request-invalid', `\`${name}\` is too long, or holds control characters`)
    }
    settings[name] = value
  }
  const objection = type.check?.(settings)
  if (objection !== undefined) throw new MillpondError('request-invalid', objection)
  return settings
}

/** What may be shown, and what is sealed: also what no spec knows. */
export function splitSecrets(
  type: Pick<DestinationType, 'settings'>,
  settings: DestinationSettings,
): { readonly settings: DestinationSettings; readonly secrets: DestinationSettings } {
  const isSecret = (name: string): boolean => type.settings.find((spec) => spec.name === name)?.isSecret ?? true
  const entries = Object.entries(settings)
  return {
    settings: Object.fromEntries(entries.filter(([name]) => !isSecret(name))),
    secrets: Object.fromEntries(entries.filter(([name]) => isSecret(name))),
  }
}
