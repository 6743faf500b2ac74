// People: invited by a link that is shown once, given a role, shut out, let in again. Some have no login, and come with a token.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { InvitedUserAnswer, PrincipalAnswer, Role, UserAnswer } from '../../api/account-answers.ts'
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

/** `none`: no login. */
interface Person {
  readonly handle: string
  readonly role: Role
  readonly email: string | undefined
  readonly state: UserAnswer['state'] | 'none'
}

function personsOf(principals: readonly PrincipalAnswer[], users: readonly UserAnswer[]): Person[] {
  return principals
    .filter(({ kind }) => kind !== 'service')
    .map(({ handle, role }) => {
      const user = users.find((one) => one.handle === handle)
      return { handle, role, email: user?.email, state: user?.state ?? 'none' }
    })
}

/** Whom the form invites. */
interface Draft {
  readonly email: string
  readonly handle: string
  readonly role: Role
}
const emptyDraft: Draft = { email: '', handle: '', role: 'viewer' }

export function Members({ me }: { readonly me: MeAnswer }) {
  const t = useWords(settingsWords)
  const [invited, setInvited] = useState<InvitedUserAnswer | undefined>()
  const [draft, setDraft] = useState(emptyDraft)
  const { data: persons, error } = useQuery({
    queryKey: ['members'],
    queryFn: async ({ signal }) => {
      const [{ principals }, { users }] = await Promise.all([
        call('GET /api/principals', { signal }),
        call('GET /api/users', { signal }),
      ])
      return personsOf(principals, users)
    },
  })
  const columns = [
    ...(['member', 'state', 'role'] as const).map((name) => ({ name, text: t(`settings.${name}`) })),
    { name: 'act', text: t('settings.act'), isRight: true },
  ]
  return (
    <>
      <Section title={t('settings.invite')} text={t('settings.invite-text')}>
        <Invite draft={draft} change={setDraft} done={setInvited} />
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
        {persons !== undefined && (
          <Table label={t('settings.part-members')} columns={columns}>
            {persons.map((person) => (
              <Member
                key={person.handle}
                person={person}
                isMe={person.handle === me.handle}
                show={setInvited}
                invite={() => setDraft({ email: '', handle: person.handle, role: person.role })}
              />
            ))}
          </Table>
        )}
      </Section>
    </>
  )
}

interface InviteProps {
  readonly draft: Draft
  readonly change: (draft: Draft) => void
  readonly done: ShowLink
}

function Invite({ draft, change, done }: InviteProps) {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const { email, handle, role } = draft
  const [wrong, setWrong] = useState('')

  async function invite(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      const named = handle.trim() === '' ? {} : { handle: handle.trim() }
      done(await call('POST /api/users', { body: { email, role, ...named } }))
      change(emptyDraft)
    } catch (error) {
      setWrong(messageOf(error))
    }
    await client.invalidateQueries({ queryKey: ['members'] })
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
            onChange={({ target }) => change({ ...draft, email: target.value })}
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
            onChange={({ target }) => change({ ...draft, handle: target.value })}
          />
        </Field>
        <Field label={t('settings.role')}>
          <RoleSelect label={t('settings.role')} role={role} choose={(wanted) => change({ ...draft, role: wanted })} />
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
  readonly person: Person
  readonly isMe: boolean
  readonly show: ShowLink
  /** By the form above. */
  readonly invite: () => void
}

function Member({ person, isMe, show, invite }: MemberProps) {
  const t = useWords(settingsWords)
  const act = useAct('members')
  const { handle, email, role, state } = person
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
          <MemberActs person={person} isFixed={isFixed} show={show} invite={invite} />
        </div>
      </td>
    </tr>
  )
}

function MemberActs({ person, isFixed, show, invite }: Omit<MemberProps, 'isMe'> & { readonly isFixed: boolean }) {
  const t = useWords(settingsWords)
  const act = useAct('members')
  const { handle, state } = person
  const params = { handle }
  if (state === 'none') {
    if (isFixed) return null
    return (
      <Button aria-label={t('settings.invite-who', { name: handle })} onClick={invite}>
        {t('settings.invite-do')}
      </Button>
    )
  }
  if (state === 'disabled') {
    return (
      <Button
        aria-label={t('settings.enable-who', { name: handle })}
        onClick={() =>
          void act(async () => call('POST /api/users/:handle/enable', { params }), t('settings.enabled', params))
        }
      >
        {t('settings.enable')}
      </Button>
    )
  }
  return (
    <>
      <Button
        aria-label={t('settings.link-new-for', { name: handle })}
        onClick={() =>
          void act(async () => show(await call('POST /api/users/:handle/invite', { params })), t('settings.link-done'))
        }
      >
        {t('settings.link-new')}
      </Button>
      {!isFixed && (
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

function State({ state }: { readonly state: Person['state'] }) {
  const t = useWords(settingsWords)
  const dot = { active: 'bg-good', invited: 'bg-muted', disabled: 'bg-bad', none: 'bg-muted' }[state]
  return (
    <span className="inline-flex items-center gap-1.5 text-muted">
      <span aria-hidden className={`size-2 rounded-full ${dot}`} />
      {t(`settings.state-${state}`)}
    </span>
  )
}
