// Settings as they are on a fresh machine, for a data folder of a test.
import { loadSettings } from '../../src/config/config.ts'
import type { Settings } from '../../src/core/settings.ts'

export function defaultSettings(data: string): Settings {
  return loadSettings({ variables: new Map(), workingFolder: data, data })
}
