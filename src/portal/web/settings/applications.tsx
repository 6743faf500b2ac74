// Other programs that people sign in to with their account here (OpenID Connect).
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { ClientAnswer } from '../../api/client-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { applicationWords } from './application-words.ts'
import { cardClass, Field, Section, ShownOnce, Sure, useAct, Wrong } from './parts.tsx'

export function Applications() {
  const t = useWords(applicationWords)
  const [made, setMade] = useState<ClientAnswer | undefined>()
  const { data, error } = useQuery({
    queryKey: ['clients'],
    queryFn: async ({ signal }) => (await call('GET /api/clients', { signal })).clients,
  })
  return (
    <Section title={t('apps.title')} text={t('apps.text')}>
      <NewApplication done={setMade} />
      {made?.secret !== undefined && (
        <ShownOnce
          label={t('apps.made', { name: made.name })}
          text={t('apps.once', { id: made.id, issuer: location.origin })}
          secret={made.secret}
          close={() => setMade(undefined)}
        />
      )}
      <Wrong text={error === null ? undefined : messageOf(error)} />
      {data !== undefined && data.length > 0 && <List clients={data} />}
    </Section>
  )
}

function NewApplication({ done }: { readonly done: (made: ClientAnswer) => void }) {
  const t = useWords(applicationWords)
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [redirect, setRedirect] = useState('')
  const [wrong, setWrong] = useState('')

  async function make(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      const body = { name, redirects: redirect.split(/\s+/).filter(Boolean), isPublic: false }
      done(await call('POST /api/clients', { body }))
      setName('')
      setRedirect('')
    } catch (error) {
      setWrong(messageOf(error))
    }
    await client.invalidateQueries({ queryKey: ['clients'] })
  }

  return (
    <form className={cardClass} aria-label={t('apps.title')} onSubmit={(event) => void make(event)}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('apps.name')}>
          <input
            required
            maxLength={100}
            placeholder="JupyterHub"
            className={`${fieldClass} w-40`}
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </Field>
        <Field label={t('apps.redirect')}>
          <input
            required
            spellCheck={false}
            placeholder="https://hub.example.com/hub/oauth_callback"
            className={`${fieldClass} w-80 max-w-full`}
            value={redirect}
            onChange={({ target }) => setRedirect(target.value)}
          />
        </Field>
        <Button type="submit" isPrimary>
          {t('apps.add')}
        </Button>
      </div>
      <Wrong text={wrong} />
    </form>
  )
}

function List({ clients }: { readonly clients: readonly ClientAnswer[] }) {
  const t = useWords(applicationWords)
  const act = useAct('clients')
  const columns = [
    ...(['name', 'id', 'redirect'] as const).map((name) => ({ name, text: t(`apps.${name}`) })),
    { name: 'act', text: t('apps.act'), isRight: true },
  ]
  return (
    <Table label={t('apps.all')} columns={columns}>
      {clients.map(({ id, name, redirects }) => (
        <tr key={id} className="border-t border-line">
          <th scope="row" className="px-3 py-1.5 font-medium">
            <bdi>{name}</bdi>
          </th>
          <td className="px-3 font-mono text-xs">{id}</td>
          <td className="px-3 font-mono text-xs break-all text-muted">{redirects.join(' ')}</td>
          <td className="px-3 py-1 text-right">
            <Sure
              label={t('apps.remove-one', { name })}
              text={t('apps.remove-sure')}
              yes={t('apps.remove')}
              act={async () =>
                act(async () => call('DELETE /api/clients/:id', { params: { id } }), t('apps.removed', { name }))
              }
            >
              {t('apps.remove')}
            </Sure>
          </td>
        </tr>
      ))}
    </Table>
  )
}
