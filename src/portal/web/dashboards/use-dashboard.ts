// What the page of a dashboard asks: itself, and the rows of a tile.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { ParameterFormAnswer } from '../../api/answers.ts'
import type { DashboardAnswer } from '../../api/dashboard-answers.ts'
import type { ParameterDefinition, ParameterSetting } from '../../api/job-answers.ts'
import { call } from '../asking/call.ts'
import { type QueryRows, runLines } from '../asking/run-query.ts'
import { textOfValue, valueOf } from '../sql/parameters.ts'
import type { FieldValue } from '../sql/value-field.tsx'

export type Settings = Readonly<Record<string, ParameterSetting>>
export type Values = Readonly<Record<string, FieldValue>>

export function useDashboard(id: string): UseQueryResult<DashboardAnswer> {
  return useQuery({
    queryKey: ['dashboard', id],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/dashboards/:id', { params: { id }, signal }),
  })
}

/** Asked again every `refreshSeconds`; while no data changed, the answer comes out of the engine's cache. */
export function useTileRows(
  { id, version, refreshSeconds }: Pick<DashboardAnswer, 'id' | 'version' | 'refreshSeconds'>,
  tile: string,
  settings: Settings,
): UseQueryResult<QueryRows> {
  return useQuery({
    queryKey: ['tile', id, version, tile, settings],
    retry: false,
    staleTime: 10_000,
    // A page that nobody sees asks nothing: the library's way with hidden pages.
    refetchInterval: refreshSeconds === undefined ? false : refreshSeconds * 1000,
    placeholderData: (before) => before,
    queryFn: async ({ signal }) =>
      runLines(
        `/api/dashboards/${encodeURIComponent(id)}/tiles/${encodeURIComponent(tile)}/rows`,
        { parameters: settings },
        signal,
      ),
  })
}

/** What the fields hold, as the API takes it. What can't be read yet is left to the default. */
export function settingsOf(definitions: readonly ParameterDefinition[], values: Values): Settings {
  return Object.fromEntries(
    definitions.flatMap((definition): [string, ParameterSetting][] => {
      const given = values[definition.name]
      if (given === undefined) return []
      if ('relative' in given) return [[definition.name, given]]
      try {
        const { choices } = definition
        const input = { ...given, ...(choices === undefined ? {} : { choices }) }
        return [[definition.name, { value: valueOf(definition.name, definition.type, input) }]]
      } catch {
        return []
      }
    }),
  )
}

/** What a field shows: what was typed, else the default. */
export function shownValue({ name, default: standard }: ParameterDefinition, values: Values): FieldValue {
  const given = values[name]
  if (given !== undefined || standard === undefined) return given ?? { value: '' }
  return 'relative' in standard ? standard : { value: textOfValue(standard.value) }
}

/** What parameters are now, and what they may be chosen from. */
export function useParameterForm(
  parameters: readonly ParameterDefinition[],
  zone: string,
  settings: Settings,
): UseQueryResult<ParameterFormAnswer> {
  const defaults = parameters.flatMap(({ name, default: standard }): [string, ParameterSetting][] =>
    standard === undefined ? [] : [[name, standard]],
  )
  const values = { ...Object.fromEntries(defaults), ...settings }
  return useQuery({
    queryKey: ['dashboard-form', parameters, zone, values],
    enabled: parameters.length > 0,
    retry: false,
    placeholderData: (before) => before,
    queryFn: async ({ signal }) => call('POST /api/query/parameters', { body: { parameters, zone, values }, signal }),
  })
}

/** Of a title, as an address: letters and digits of any script, with single dashes. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 100)
}
