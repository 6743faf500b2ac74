// The routes on which alerts tell people: for administrators.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { AlertRoute, RouteAsked } from '../../api/alert-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { useRoutes } from './use-alerts.ts'
import { alertWords } from './words.ts'

type Kind = AlertRoute['kind']
const kinds = ['email', 'slack', 'webhook'] as const
const settingNames = { email: ['to', 'from'], slack: [], webhook: [] } as const
const secretNames = { email: ['smtpUrl'], slack: ['url'], webhook: ['url', 'secret'] } as const

export function Routes() {
  const t = useWords(alertWords)
  const routes = useRoutes()
  const client = useQueryClient()
  const refresh = async (): Promise<void> => client.invalidateQueries({ queryKey: ['alert-routes'] })
  const remove = useMutation({
    mutationFn: async (name: string) => call('DELETE /api/alert-routes/:name', { params: { name } }),
    onSuccess: refresh,
  })
  return (
    <section aria-label={t('routes.title')} className="grid grid-cols-1 gap-3">
      <div>
        <h3 className="font-medium">{t('routes.title')}</h3>
        <p className="text-muted">{t('routes.text')}</p>
      </div>
      {routes !== undefined && routes.length > 0 && (
        <Table
          label={t('routes.title')}
          columns={[
            { name: 'name', text: t('alerts.name') },
            { name: 'kind', text: t('routes.kind') },
            { name: 'to', text: t('routes.to') },
            { name: 'act', text: '' },
          ]}
        >
          {routes.map(({ name, kind, settings }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="px-3 py-1 font-medium">
                {name}
              </th>
              <td className="px-3">{t(`routes.${kind}`)}</td>
              <td className="px-3 text-muted">{settings['to'] ?? ''}</td>
              <td className="px-3 text-right">
                <button type="button" className="min-h-6 text-muted hover:text-bad" onClick={() => remove.mutate(name)}>
                  {t('routes.remove', { name })}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {remove.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(remove.error)}
        </p>
      )}
      <NewRoute added={refresh} />
    </section>
  )
}

function NewRoute({ added }: { readonly added: () => Promise<void> }) {
  const t = useWords(alertWords)
  const [kind, setKind] = useState<Kind>('email')
  const put = useMutation({
    mutationFn: async ({ name, body }: { readonly name: string; readonly body: RouteAsked }) =>
      call('PUT /api/alert-routes/:name', { params: { name }, body }),
    onSuccess: added,
  })
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    const texts = (names: readonly string[]): Record<string, string> =>
      Object.fromEntries(names.map((name) => [name, fieldText(form, name)]).filter(([, text]) => text !== ''))
    const isPrivate = fieldText(form, 'private') === 'on'
    const settings = { ...texts(settingNames[kind]), ...(isPrivate ? { allowPrivateNetwork: 'true' } : {}) }
    const body = { kind, settings, secrets: texts(secretNames[kind]) }
    put.mutate({ name: fieldText(form, 'name'), body }, { onSuccess: () => form.reset() })
  }
  return (
    <form aria-label={t('routes.add')} className="grid gap-2" onSubmit={onSubmit}>
      <div className="flex flex-wrap items-center gap-2">
        <input
          name="name"
          required
          aria-label={t('alerts.name')}
          placeholder={t('alerts.name')}
          className={`${fieldClass} w-32`}
        />
        <Select
          label={t('routes.kind')}
          value={kind}
          options={kinds.map((value) => ({ value, text: t(`routes.${value}`) }))}
          choose={setKind}
        />
        <KindFields kind={kind} />
        <Button type="submit" disabled={put.isPending}>
          {t('routes.add')}
        </Button>
      </div>
      {put.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(put.error)}
        </p>
      )}
    </form>
  )
}

function KindFields({ kind }: { readonly kind: Kind }) {
  const t = useWords(alertWords)
  return (
    <>
      {settingNames[kind].map((name) => (
        <input
          key={name}
          name={name}
          required
          aria-label={t(`routes.${name}`)}
          placeholder={t(`routes.${name}`)}
          className={`${fieldClass} w-44`}
        />
      ))}
      {secretNames[kind].map((name) => (
        <input
          key={name}
          name={name}
          type="password"
          autoComplete="off"
          required={name !== 'secret'}
          aria-label={t(`routes.${name}`)}
          placeholder={t(`routes.${name}`)}
          className={`${fieldClass} w-64`}
        />
      ))}
      {kind !== 'email' && (
        <label className="flex items-center gap-1.5">
          <input type="checkbox" name="private" />
          {t('routes.private')}
        </label>
      )}
    </>
  )
}
