// The SQL workbench: tables beside, the editor above, rows below. What the query costs stands in the button that runs it.
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useRef } from 'react'

import { columnsQuery, useTables } from '../asking/catalogue.ts'
import { Icon } from '../shell/icon.tsx'
import { Panel } from '../shell/panel.tsx'
import { Button, Select } from '../shell/parts.tsx'
import { formatBytes, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { type KnownTable, tablesInScope } from './completion.ts'
import { Editor, type EditorHandle } from './editor.tsx'
import { ParameterForm } from './parameter-form.tsx'
import { parameterNames, parametersOf } from './parameters.ts'
import { Results } from './results.tsx'
import { SchemaTree } from './schema-tree.tsx'
import type { Dialect } from './search.ts'
import { type Estimate, estimateQuery, type Finding, findingOf, typeIn, useEstimate } from './use-estimate.ts'
import { type Run, type Runner, useRun } from './use-run.ts'
import { useWorkbench, type Work, type Workbench } from './use-workbench.ts'
import { sqlWords } from './words.ts'

const dialects: readonly { readonly value: Dialect; readonly text: string }[] = [
  { value: 'googlesql', text: 'GoogleSQL' },
  { value: 'duckdb', text: 'DuckDB' },
]

export function SqlPage() {
  const t = useWords(sqlWords)
  const workbench = useWorkbench()
  const { sql, dialect, parameters, change } = workbench
  const estimate = useEstimate(workbench)
  const runner = useRun()
  const queryClient = useQueryClient()
  const editor = useRef<EditorHandle>(null)
  const names = useMemo(() => parameterNames(sql, dialect), [sql, dialect])
  const tables = useKnownTables(sql)
  const findings = useFindings(estimate, runner.run)

  function start(): void {
    if (sql.trim() === '') return
    runner.start(async () => {
      const isTyped = names.every((name) => parameters[name]?.type !== undefined)
      const work = { sql, dialect, parameters }
      // What is wrong with the query the run itself says.
      const answer = isTyped ? undefined : await queryClient.fetchQuery(estimateQuery(work)).catch(() => undefined)
      return { sql, dialect, parameters: parametersOf(names, parameters, typeIn(answer)) }
    })
    if (workbench.tab === 'history') workbench.chooseTab('table')
  }

  return (
    <div className="grid h-full min-h-0 md:grid-cols-[15rem_minmax(0,1fr)]">
      <title>{`${t('sql.title')} · Millpond`}</title>
      <div className="min-h-0 border-r border-line max-md:hidden">
        <Panel>
          <SchemaTree insert={(name) => editor.current?.insert(name)} />
        </Panel>
      </div>
      <div className="grid min-h-0 grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(8rem,2fr)_auto_minmax(10rem,3fr)]">
        <Bar workbench={workbench} estimate={estimate} runner={runner} start={start} />
        <Panel>
          <Editor
            ref={editor}
            label={t('sql.editor')}
            text={sql}
            dialect={dialect}
            tables={tables}
            findings={findings}
            changed={(text) => change({ sql: text })}
            run={start}
          />
        </Panel>
        <div>
          <ParameterForm
            names={names}
            inputs={parameters}
            inferred={estimate.typeOf}
            change={(inputs) => change({ parameters: inputs })}
          />
          <Findings findings={findings} estimate={estimate} />
        </div>
        <Results run={runner.run} workbench={workbench} />
      </div>
    </div>
  )
}

/** All tables by name; of those that the text names their columns, too. Kept as it is while nothing in it changes. */
function useKnownTables(sql: string): readonly KnownTable[] {
  const { data: tables = [] } = useTables()
  const text = useDeferredValue(sql)
  const inScope = useMemo(() => tablesInScope(text, tables), [text, tables])
  const columns = useQueries({ queries: inScope.map(columnsQuery) })
  const known = columns.map(({ data }) => data)
  const key = JSON.stringify([tables.length, inScope, known.map((one) => one?.length)])
  // oxlint-disable-next-line react/exhaustive-deps -- the key says all that counts
  return useMemo(() => {
    const byTable = new Map(inScope.map((table, index) => [table, known[index] ?? []]))
    return tables.map((table) => ({ ...table, columns: byTable.get(table) ?? [] }))
  }, [key])
}

function useFindings({ findings }: Estimate, run: Run): readonly Finding[] {
  const failed = run.state === 'failed' ? run.error : undefined
  return useMemo(
    () =>
      findings.some(({ isError }) => isError) || failed === undefined ? findings : [findingOf(failed), ...findings],
    [JSON.stringify(findings), failed],
  )
}

interface BarProps {
  readonly workbench: Workbench
  readonly estimate: Estimate
  readonly runner: Runner
  readonly start: () => void
}

function Bar({ workbench, estimate, runner, start }: BarProps) {
  const t = useWords(sqlWords)
  const { answer } = estimate
  const { sql, dialect, change } = workbench
  return (
    <div className="flex min-h-11 items-center gap-2 border-b border-line px-3">
      <h2 className="sr-only">{t('sql.title')}</h2>
      <Select
        label={t('sql.dialect')}
        value={dialect}
        options={dialects}
        choose={(chosen) => change({ dialect: chosen })}
      />
      <p className="line-clamp-2 min-w-0 text-muted tabular-nums" id="sql-estimate">
        <EstimateText estimate={estimate} work={workbench} />
      </p>
      <div className="ml-auto flex shrink-0 gap-2">
        {runner.run.state === 'running' && (
          <Button onClick={runner.cancel}>
            <Icon name="cancel" />
            {t('sql.cancel')}
          </Button>
        )}
        <Button isPrimary disabled={sql.trim() === ''} aria-describedby="sql-estimate" onClick={start}>
          <Icon name="run" />
          {t('sql.run')}
          {answer !== undefined && answer.bytesProcessed > 0 && (
            <span className="font-normal opacity-90">
              · {t('sql.reads', { bytes: formatBytes(answer.bytesProcessed) })}
            </span>
          )}
        </Button>
      </div>
    </div>
  )
}

function EstimateText({ estimate, work }: { readonly estimate: Estimate; readonly work: Work }) {
  const t = useWords(sqlWords)
  const { answer, isChecking } = estimate
  if (work.sql.trim() === '') return null
  if (answer === undefined) return isChecking ? t('sql.checking') : null
  const why = answer.portabilityReasons.join(' ')
  if (answer.portability === 'bigquery-only') return t('sql.bigquery-only', { why })
  const { bytesProcessed, bytesBilled, dollars, bytesOfAllColumns } = answer
  const bytes = formatBytes(bytesProcessed)
  const parts = [t('sql.estimate', { bytes, billed: formatBytes(bytesBilled), dollars: formatDollars(dollars) })]
  if (bytesOfAllColumns > bytesProcessed) parts.push(t('sql.estimate-all', { bytes: formatBytes(bytesOfAllColumns) }))
  if (answer.portability === 'local-only' && why !== '') parts.push(t('sql.local-only', { why }))
  return parts.join(' ')
}

function Findings({ findings, estimate }: { readonly findings: readonly Finding[]; readonly estimate: Estimate }) {
  const t = useWords(sqlWords)
  // While somebody types, an unfinished word is no fault worth a line that comes and goes.
  if (findings.length === 0 || (estimate.isChecking && estimate.answer === undefined)) return null
  return (
    <ul aria-label={t('sql.problems')} className="max-h-24 overflow-auto border-t border-line px-3 py-1.5" tabIndex={0}>
      {findings.map((finding) => (
        <li
          key={`${finding.line} ${finding.column} ${finding.message}`}
          className={finding.isError ? 'text-bad' : 'text-warn'}
        >
          {t('sql.finding', { line: finding.line, column: finding.column, message: finding.message })}
        </li>
      ))}
    </ul>
  )
}
