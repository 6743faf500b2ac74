// The data tests of a schedule, and how they went in the last run that came so far.
import type { DataTest, RunAnswer } from '../../api/job-answers.ts'
import { useWords } from '../words/words.ts'
import { formWords } from './form-words.ts'
import { Section } from './parts.tsx'
import { resultOf, titleOf } from './results.ts'
import { schedulesWords } from './words.ts'

export function TestResults({
  tests,
  runs,
}: {
  readonly tests: readonly DataTest[]
  readonly runs: readonly RunAnswer[]
}) {
  const t = useWords(schedulesWords)
  const form = useWords(formWords)
  return (
    <Section title={t('schedules.tests')}>
      {tests.length === 0 && <p className="text-muted">{t('schedules.tests-none')}</p>}
      <ul className="grid gap-2 empty:hidden">
        {tests.map((test) => {
          const { state, text } = resultOf(test, runs)
          const tone = {
            passed: 'text-good',
            failed: test.severity === 'warn' ? 'text-warn' : 'text-bad',
            unknown: 'text-muted',
          }[state]
          return (
            <li key={JSON.stringify(test)} className="grid gap-0.5">
              <span className="flex flex-wrap gap-x-2">
                <span className="font-medium">{form(`plan.test-${test.kind}`)}</span>
                <code className="font-mono text-xs text-muted">{titleOf(test)}</code>
              </span>
              <span className={tone}>
                {state === 'failed'
                  ? text
                  : state === 'passed'
                    ? `✓ ${t('schedules.test-passed')}`
                    : t('schedules.test-unknown')}
              </span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
