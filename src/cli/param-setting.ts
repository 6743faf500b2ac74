// `--param name=value` of saved queries and schedules: a value, a relative date, or a list (JSON array: a run for each).
import { InvalidArgumentError } from 'commander'

export type Settings = Readonly<Record<string, object>>

const relativeShape =
  /^(?:today|yesterday|\d+ (?:day|week|month|year)s? ago|start of (?:this|last) (?:week|month|year))$/i

export function addParamSetting(text: string, before: Settings): Settings {
  const found = /^([A-Za-z_]\w*)=(.*)$/s.exec(text)
  if (found === null) throw new InvalidArgumentError('It looks like name=value, such as day=yesterday or plan=free.')
  const [, name = '', value = ''] = found
  return { ...before, [name]: relativeShape.test(value.trim()) ? { relative: value } : { value } }
}

/** `country=["TW","JP"]`. */
export function addEach(text: string, before: Settings): Settings {
  const at = text.indexOf('=')
  try {
    const list: unknown = JSON.parse(text.slice(at + 1))
    if (at > 0 && Array.isArray(list)) return { ...before, [text.slice(0, at)]: { each: list as unknown[] } }
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It looks like name=["TW","JP"].')
}
