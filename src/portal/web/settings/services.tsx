// What programs come in with: services, and every token and key that is good, whoever holds it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'

import type { KeyAnswer, PrincipalAnswer, Role } from '../../api/account-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { Applications } from './applications.tsx'
import { type Days, daysOf, Lifetime } from './lifetime.tsx'
import { RoleSelect } from './members.tsx'
import { cardClass, Field, Section, ShownOnce, Sure, useAct, Wrong } from './parts.tsx'
import { Moment } from './times.tsx'
import { TokenTable } from './token-table.tsx'
import { settingsWords } from './words.ts'

const kinds = ['token', 'key'] as const
type Kind = (typeof kinds)[number]
/** Google's clients want one; Millpond has only itself. */
const project = 'millpond'

interface Made {
  readonly name: string
  readonly kind: Kind
  readonly secret: string
}

export function Services() {
  const t = useWords(settingsWords)
  const act = useAct('tokens', 'keys')
  const [made, setMade] = useState<Made | undefined>()
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: async ({ signal }) => (await call('GET /api/tokens', { signal })).tokens,
  })
  const keys = useQuery({
    queryKey: ['keys'],
    queryFn: async ({ signal }) => (await call('GET /api/keys', { signal })).keys,
  })
  const error = tokens.error ?? keys.error
  return (
    <>
      <Section title={t('settings.service-new')} text={t('settings.service-text')}>
        <NewSecret done={setMade} />
        {made !== undefined && (
          <ShownOnce
            label={t('settings.service-made', { name: made.name })}
            text={t('settings.once')}
            secret={made.secret}
            {...(made.kind === 'key' ? { file: `${made.name}.json` } : {})}
            close={() => setMade(undefined)}
          />
        )}
      </Section>
      <Applications />
      <Wrong text={error === null ? undefined : messageOf(error)} />
      <Section title={t('settings.all-keys')}>{keys.data !== undefined && <Keys keys={keys.data} />}</Section>
      <Section title={t('settings.all-tokens')}>
        {tokens.data !== undefined && (
          <TokenTable
            label={t('settings.all-tokens')}
            tokens={tokens.data}
            isOfAll
            revoke={async ({ id, name }) =>
              act(async () => call('DELETE /api/tokens/:id', { params: { id } }), t('settings.revoked', { name }))
            }
          />
        )}
      </Section>
    </>
  )
}

function NewSecret({ done }: { readonly done: (made: Made) => void }) {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const [handle, setHandle] = useState('')
  const [role, setRole] = useState<Role>('member')
  const [kind, setKind] = useState<Kind>('token')
  const [days, setDays] = useState<Days>('never')
  const [wrong, setWrong] = useState('')
  const { data: principals } = useQuery({
    queryKey: ['principals'],
    queryFn: async ({ signal }) => (await call('GET /api/principals', { signal })).principals,
  })
  const services = principals?.filter((one) => one.kind === 'service') ?? []
  const isKnown = services.some((one) => one.handle === handle)

  async function make(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      if (!isKnown) await call('POST /api/principals', { body: { handle, kind: 'service', role } })
      done({ name: handle, kind, secret: await makeSecret(handle, kind, days) })
      setHandle('')
    } catch (error) {
      setWrong(messageOf(error))
    }
    await Promise.all(
      ['principals', 'tokens', 'keys'].map(async (key) => client.invalidateQueries({ queryKey: [key] })),
    )
  }

  return (
    <form className={cardClass} aria-label={t('settings.service-new')} onSubmit={(event) => void make(event)}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('settings.service')}>
          <ServiceName services={services} value={handle} choose={setHandle} />
        </Field>
        {!isKnown && (
          <Field label={t('settings.role')}>
            <RoleSelect label={t('settings.role')} role={role} choose={setRole} />
          </Field>
        )}
        <Field label={t('settings.kind')}>
          <Select
            label={t('settings.kind')}
            value={kind}
            options={kinds.map((value) => ({ value, text: t(`settings.kind-${value}`) }))}
            choose={setKind}
          />
        </Field>
        {kind === 'token' && <Lifetime value={days} choose={setDays} />}
        <Button type="submit" isPrimary>
          {t('settings.make')}
        </Button>
      </div>
      <Wrong text={wrong} />
    </form>
  )
}

interface ServiceNameProps {
  readonly services: readonly PrincipalAnswer[]
  readonly value: string
  readonly choose: (handle: string) => void
}

/** One that is there, or a new one. */
function ServiceName({ services, value, choose }: ServiceNameProps) {
  const id = useId()
  return (
    <>
      <input
        required
        maxLength={63}
        autoComplete="off"
        spellCheck={false}
        placeholder="etl"
        list={id}
        className={`${fieldClass} w-40`}
        value={value}
        onChange={({ target }) => choose(target.value.trim())}
      />
      <datalist id={id}>
        {services.map((one) => (
          <option key={one.id} value={one.handle} />
        ))}
      </datalist>
    </>
  )
}

async function makeSecret(handle: string, kind: Kind, days: Days): Promise<string> {
  if (kind === 'token') {
    return (await call('POST /api/tokens', { body: { name: handle, for: handle, ...daysOf(days) } })).token
  }
  const { key } = await call('POST /api/keys', { body: { handle, project, publicUrl: location.origin } })
  return JSON.stringify(key, undefined, 2)
}

function Keys({ keys }: { readonly keys: readonly KeyAnswer[] }) {
  const t = useWords(settingsWords)
  const act = useAct('keys')
  if (keys.length === 0) {
    return <p className="rounded-md border border-line bg-card p-6 text-center text-muted">{t('settings.no-keys')}</p>
  }
  const columns = [
    ...(['key', 'whose', 'made', 'used'] as const).map((name) => ({ name, text: t(`settings.${name}`) })),
    { name: 'act', text: t('settings.act'), isRight: true },
  ]
  return (
    <Table label={t('settings.all-keys')} columns={columns}>
      {keys.map(({ id, handle, createdAtMicros, lastUsedAtMicros }) => (
        <tr key={id} className="border-t border-line">
          <th scope="row" className="px-3 py-1.5 font-mono text-xs font-medium" title={id}>
            {id.slice(0, 12)}
          </th>
          <td className="max-w-40 truncate px-3 text-muted">{handle}</td>
          <td className="px-3 text-muted">
            <Moment micros={createdAtMicros} />
          </td>
          <td className="px-3 text-muted">
            {lastUsedAtMicros === null ? t('settings.never-used') : <Moment micros={lastUsedAtMicros} />}
          </td>
          <td className="px-3 py-1 text-right">
            <Sure
              label={t('settings.revoke-what', { name: id.slice(0, 12) })}
              text={t('settings.revoke-sure')}
              yes={t('settings.revoke')}
              act={async () =>
                act(
                  async () => call('DELETE /api/keys/:id', { params: { id } }),
                  t('settings.revoked', { name: handle }),
                )
              }
            >
              {t('settings.revoke')}
            </Sure>
          </td>
        </tr>
      ))}
    </Table>
  )
}
