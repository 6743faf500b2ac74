// People who sign in: invited by a link that is shown once, given a role, shut out, let in again.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { InvitedUserAnswer, Role, UserAnswer } from '../../api/account-answers.ts'
import type { MeAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { cardClass, Field, Section, ShownOnce, Sure, useAct, Wrong } from './parts.tsx'
import { roles } from './roles.ts'
import { settingsWords } from './words.ts'

/** Owns the data folder: the API changes nothing of it. */
const ownerHandle = 'owner'

type ShowLink = (invited: InvitedUserAnswer) => void

export function Members({ me }: { readonly me: MeAnswer }) {
  const t = useWords(settingsWords)
  const [invited, setInvited] = useState<InvitedUserAnswer | undefined>()
  const { data: users, error } = useQuery({
    queryKey: ['users'],
    queryFn: async ({ signal }) => (await call('GET /api/users', { signal })).users,
  })
  const columns = [
    ...(['member', 'state', 'role'] as const).map((name) => ({ name, text: t(`settings.${name}`) })),
    { name: 'act', text: t('settings.act'), isRight: true },
  ]
  return (
    <>
      <Section title={t('settings.invite')} text={t('settings.invite-text')}>
        <Invite done={setInvited} />
        {invited !== undefined && (
          <ShownOnce
            label={t('settings.link-of', { name: invited.handle })}
            text={t('settings.link-text', { email: invited.email })}
            secret={`${location.origin}${invited.path}`}
            close={() => setInvited(undefined)}
          />
        )}
      </Section>
      <Section title={t('settings.part-members')}>
        <Wrong text={error === null ? undefined : messageOf(error)} />
        {users?.length === 0 && (
          <p className="rounded-md border border-line bg-card p-6 text-center text-muted">{t('settings.no-members')}</p>
        )}
        {users !== undefined && users.length > 0 && (
          <Table label={t('settings.part-members')} columns={columns}>
            {users.map((user) => (
              <Member key={user.handle} user={user} isMe={user.handle === me.handle} show={setInvited} />
            ))}
          </Table>
        )}
      </Section>
    </>
  )
}

function Invite({ done }: { readonly done: ShowLink }) {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [handle, setHandle] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [wrong, setWrong] = useState('')

  async function invite(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      const named = handle.trim() === '' ? {} : { handle: handle.trim() }
      done(await call('POST /api/users', { body: { email, role, ...named } }))
      setEmail('')
      setHandle('')
    } catch (error) {
      setWrong(messageOf(error))
    }
    await client.invalidateQueries({ queryKey: ['users'] })
  }

  return (
    <form className={cardClass} aria-label={t('settings.invite')} onSubmit={(event) => void invite(event)}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('settings.email')}>
          <input
            type="email"
            required
            maxLength={200}
            autoComplete="off"
            className={`${fieldClass} w-64`}
            value={email}
            onChange={({ target }) => setEmail(target.value)}
          />
        </Field>
        <Field label={t('settings.handle-new')}>
          <input
            maxLength={63}
            autoComplete="off"
            spellCheck={false}
            placeholder={email.split('@')[0]?.toLowerCase()}
            className={`${fieldClass} w-40`}
            value={handle}
            onChange={({ target }) => setHandle(target.value)}
          />
        </Field>
        <Field label={t('settings.role')}>
          <RoleSelect label={t('settings.role')} role={role} choose={setRole} />
        </Field>
        <Button type="submit" isPrimary>
          {t('settings.invite-do')}
        </Button>
      </div>
      <p className="text-muted">{t(`settings.role-text-${role}`)}</p>
      <Wrong text={wrong} />
    </form>
  )
}

export function RoleSelect({
  label,
  role,
  choose,
}: {
  readonly label: string
  readonly role: Role
  readonly choose: (role: Role) => void
}) {
  const t = useWords(settingsWords)
  const options = roles.map((value) => ({ value, text: t(`settings.role-${value}`) }))
  return <Select label={label} value={role} options={options} choose={choose} />
}

interface MemberProps {
  readonly user: UserAnswer
  readonly isMe: boolean
  readonly show: ShowLink
}

function Member({ user, isMe, show }: MemberProps) {
  const t = useWords(settingsWords)
  const act = useAct('users')
  const { handle, email, role, state } = user
  // Whoever shut themselves out could not take it back.
  const isFixed = isMe || handle === ownerHandle
  const give = async (wanted: Role): Promise<void> =>
    act(
      async () => call('POST /api/principals/:handle', { params: { handle }, body: { role: wanted } }),
      t('settings.role-given', { name: handle, role: t(`settings.role-${wanted}`) }),
    )
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-1.5 font-medium">
        {handle} {isMe && <span className="font-normal text-muted">{t('settings.thats-you')}</span>}
        <span className="block font-normal text-muted">{email}</span>
      </th>
      <td className="px-3 whitespace-nowrap">
        <State state={state} />
      </td>
      <td className="px-3">
        {isFixed ? (
          t(`settings.role-${role}`)
        ) : (
          <RoleSelect
            label={t('settings.role-of', { name: handle })}
            role={role}
            choose={(wanted) => void give(wanted)}
          />
        )}
      </td>
      <td className="px-3 py-1">
        <div className="flex justify-end gap-2">
          <MemberActs user={user} isFixed={isFixed} show={show} />
        </div>
      </td>
    </tr>
  )
}

function MemberActs({
  user: { handle, state },
  isFixed,
  show,
}: Omit<MemberProps, 'isMe'> & { readonly isFixed: boolean }) {
  const t = useWords(settingsWords)
  const act = useAct('users')
  const params = { handle }
  return (
    <>
      {state !== 'disabled' && (
        <Button
          aria-label={t('settings.link-new-for', { name: handle })}
          onClick={() =>
            void act(
              async () => show(await call('POST /api/users/:handle/invite', { params })),
              t('settings.link-done'),
            )
          }
        >
          {t('settings.link-new')}
        </Button>
      )}
      {!isFixed && state === 'disabled' && (
        <Button
          aria-label={t('settings.enable-who', { name: handle })}
          onClick={() =>
            void act(async () => call('POST /api/users/:handle/enable', { params }), t('settings.enabled', params))
          }
        >
          {t('settings.enable')}
        </Button>
      )}
      {!isFixed && state !== 'disabled' && (
        <Sure
          label={t('settings.disable-who', { name: handle })}
          text={t('settings.disable-sure')}
          yes={t('settings.disable')}
          act={async () =>
            act(async () => call('POST /api/users/:handle/disable', { params }), t('settings.disabled', params))
          }
        >
          {t('settings.disable')}
        </Sure>
      )}
    </>
  )
}

function State({ state }: { readonly state: UserAnswer['state'] }) {
  const t = useWords(settingsWords)
  const dot = { active: 'bg-good', invited: 'bg-muted', disabled: 'bg-bad' }[state]
  return (
    <span className="inline-flex items-center gap-1.5 text-muted">
      <span aria-hidden className={`size-2 rounded-full ${dot}`} />
      {t(`settings.state-${state}`)}
    </span>
  )
}
