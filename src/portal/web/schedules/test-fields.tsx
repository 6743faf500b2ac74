// Data tests of a schedule: what has to be true of the rows before they are kept.
import { useState } from 'react'

import type { DataTest } from '../../api/job-answers.ts'
import { Button, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { namesIn } from './draft.ts'
import { formWords } from './form-words.ts'
import { Field, Input, Section } from './parts.tsx'
import type { PartProps } from './when-fields.tsx'

const first: { readonly [Kind in DataTest['kind']]: DataTest } = {
  not_null: { kind: 'not_null', columns: [], severity: 'fail' },
  unique: { kind: 'unique', columns: [], severity: 'fail' },
  rows: { kind: 'rows', min: 1, severity: 'fail' },
  freshness: { kind: 'freshness', column: '', hoursMax: 48, severity: 'warn' },
  anomaly: { kind: 'anomaly', severity: 'warn' },
}
const kinds = Object.keys(first) as DataTest['kind'][]

export function TestFields({ draft: { tests }, edit }: PartProps) {
  const t = useWords(formWords)
  const [added, setAdded] = useState<DataTest['kind']>('not_null')
  return (
    <Section title={t('plan.tests')}>
      <p className="text-muted">{t('plan.tests-text')}</p>
      <ul className="grid gap-3 empty:hidden">
        {tests.map((test, index) => (
          <Test
            key={`${index} ${test.kind}`}
            test={test}
            change={(next) => edit({ tests: tests.map((one, at) => (at === index ? next : one)) })}
            remove={() => edit({ tests: tests.filter((_one, at) => at !== index) })}
          />
        ))}
      </ul>
      <div className="flex gap-2">
        <Select
          label={t('plan.test-add')}
          value={added}
          options={kinds.map((kind) => ({ value: kind, text: t(`plan.test-${kind}`) }))}
          choose={setAdded}
        />
        <Button onClick={() => edit({ tests: [...tests, first[added]] })}>{t('plan.test-add')}</Button>
      </div>
    </Section>
  )
}

interface TestProps {
  readonly test: DataTest
  readonly change: (test: DataTest) => void
  readonly remove: () => void
}

function Test({ test, change, remove }: TestProps) {
  const t = useWords(formWords)
  const kind = t(`plan.test-${test.kind}`)
  return (
    <li className="flex flex-wrap items-end gap-3">
      <span className="w-32 pb-1 font-medium">{kind}</span>
      <TestValues test={test} change={change} />
      <Select
        label={t('plan.test-severity', { kind })}
        value={test.severity}
        options={(['fail', 'warn'] as const).map((value) => ({ value, text: t(`plan.severity-${value}`) }))}
        choose={(severity) => change({ ...test, severity })}
      />
      <Button aria-label={t('plan.test-remove', { kind })} onClick={remove}>
        ✕
      </Button>
    </li>
  )
}

function TestValues({ test, change }: Omit<TestProps, 'remove'>) {
  const t = useWords(formWords)
  switch (test.kind) {
    case 'not_null':
    case 'unique':
      return <Columns test={test} change={change} />
    case 'rows':
      return (
        <>
          {(['min', 'max'] as const).map((bound) => (
            <Field key={bound} label={t(`plan.test-${bound}`)}>
              <Input
                type="number"
                min={0}
                className="w-24"
                value={test[bound] ?? ''}
                change={(text) => change({ ...test, [bound]: text === '' ? undefined : Number(text) })}
              />
            </Field>
          ))}
        </>
      )
    case 'freshness':
      return (
        <>
          <Field label={t('plan.test-column')}>
            <Input
              required
              className="w-36 font-mono"
              value={test.column}
              change={(column) => change({ ...test, column })}
            />
          </Field>
          <Field label={t('plan.test-hours')}>
            <Input
              type="number"
              required
              min={1}
              className="w-24"
              value={test.hoursMax}
              change={(text) => change({ ...test, hoursMax: Math.max(1, Number(text)) })}
            />
          </Field>
        </>
      )
    case 'anomaly':
      return null
  }
}

interface ColumnsProps {
  readonly test: Extract<DataTest, { readonly columns: readonly string[] }>
  readonly change: (test: DataTest) => void
}

function Columns({ test, change }: ColumnsProps) {
  const t = useWords(formWords)
  // As typed: a comma at the end is the way to the next name.
  const [text, setText] = useState(test.columns.join(', '))
  const kind = t(`plan.test-${test.kind}`)
  return (
    <Field label={t('plan.test-columns', { kind })}>
      <Input
        required
        className="w-52 font-mono"
        value={text}
        change={(typed) => {
          setText(typed)
          change({ ...test, columns: namesIn(typed) })
        }}
      />
    </Field>
  )
}
