// Oneself: who one is, how things look, the password, and where one is signed in.
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { MeAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { signOut } from '../shell/me.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { setTheme, themes, useTheme } from '../shell/theme.ts'
import { say } from '../shell/toast.tsx'
import { chooseLanguage, type Language, useLanguage, useWords } from '../words/words.ts'
import { browserName } from './browser-name.ts'
import { cardClass, Field, Section, Sure, textIn, useAct, Wrong } from './parts.tsx'
import { Moment } from './times.tsx'
import { settingsWords } from './words.ts'

/** As the API asks for (control/sign-in.ts). */
const passwordLettersMin = 10
const passwordLettersMax = 128

const languages: readonly { readonly value: Language; readonly text: string }[] = [
  { value: 'en', text: 'English' },
  { value: 'zh-Hant', text: '正體中文' },
]

export function You({ me }: { readonly me: MeAnswer }) {
  const t = useWords(settingsWords)
  const theme = useTheme()
  const facts = [
    [t('settings.handle'), me.handle],
    [t('settings.email'), me.email ?? '–'],
    [t('settings.role'), t(`settings.role-${me.role}`)],
    ...Object.entries(me.attributes).map(([name, value]) => [name, [value].flat().join(', ')] as const),
  ] as const
  return (
    <>
      <Section title={t('settings.part-you')}>
        <div className={cardClass}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
            {facts.map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd className="min-w-0 break-words">{value}</dd>
              </div>
            ))}
          </dl>
          <div>
            <Button onClick={() => void signOut()}>{t('settings.sign-out')}</Button>
          </div>
        </div>
      </Section>
      <Section title={t('settings.looks')} text={t('settings.looks-text')}>
        <div className={`${cardClass} grid-cols-2 md:w-96`}>
          <Field label={t('settings.language')}>
            <Select label={t('settings.language')} value={useLanguage()} options={languages} choose={chooseLanguage} />
          </Field>
          <Field label={t('settings.theme')}>
            <Select
              label={t('settings.theme')}
              value={theme}
              options={themes.map((value) => ({ value, text: t(`theme.${value}`) }))}
              choose={setTheme}
            />
          </Field>
        </div>
      </Section>
      {me.hasSession && me.email !== null && <Password email={me.email} />}
      {me.hasSession ? <Sessions /> : <p className="text-muted">{t('settings.by-token')}</p>}
    </>
  )
}

function Password({ email }: { readonly email: string }) {
  const t = useWords(settingsWords)
  const [wrong, setWrong] = useState('')
  const [isBusy, setBusy] = useState(false)

  async function change(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    setWrong('')
    setBusy(true)
    try {
      await call('POST /api/auth/password', {
        body: { current: textIn(given, 'current'), wanted: textIn(given, 'wanted') },
      })
      form.reset()
      say(t('settings.password-done'))
    } catch (error) {
      setWrong(messageOf(error))
    }
    setBusy(false)
  }

  return (
    <Section title={t('settings.password')} text={t('settings.password-text')}>
      <form className={cardClass} aria-label={t('settings.password')} onSubmit={(event) => void change(event)}>
        <input type="text" autoComplete="username" value={email} readOnly hidden />
        <div className="flex flex-wrap items-end gap-3">
          {(['current', 'wanted'] as const).map((name) => (
            <Field key={name} label={t(`settings.password-${name}`)}>
              <input
                type="password"
                name={name}
                required
                minLength={name === 'wanted' ? passwordLettersMin : undefined}
                maxLength={passwordLettersMax}
                autoComplete={name === 'current' ? 'current-password' : 'new-password'}
                className={`${fieldClass} w-56`}
                onInput={() => setWrong('')}
              />
            </Field>
          ))}
          <Button type="submit" disabled={isBusy}>
            {t('settings.password-change')}
          </Button>
        </div>
        <Wrong text={wrong} />
      </form>
    </Section>
  )
}

function Sessions() {
  const t = useWords(settingsWords)
  const act = useAct('sessions')
  const { data: sessions, error } = useQuery({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await call('GET /api/sessions', { signal })).sessions,
  })
  const columns = [
    ...(['browser', 'address', 'began', 'ends'] as const).map((name) => ({ name, text: t(`settings.${name}`) })),
    { name: 'act', text: t('settings.act'), isRight: true },
  ]
  return (
    <Section title={t('settings.sessions')} text={t('settings.sessions-text')}>
      <Wrong text={error === null ? undefined : messageOf(error)} />
      {sessions !== undefined && (
        <Table label={t('settings.sessions')} columns={columns}>
          {sessions.map(({ id, browser, address, createdAtMicros, endsAtMicros, isThis }) => (
            <tr key={id} className="border-t border-line">
              <th scope="row" className="px-3 py-1.5 font-medium whitespace-nowrap" title={browser}>
                {browserName(browser)}
              </th>
              <td className="px-3 font-mono text-xs">{address || '–'}</td>
              <td className="px-3 text-muted">
                <Moment micros={createdAtMicros} />
              </td>
              <td className="px-3 text-muted">
                <Moment micros={endsAtMicros} />
              </td>
              <td className="px-3 py-1 text-right whitespace-nowrap">
                {isThis ? (
                  <span className="text-muted">{t('settings.this-one')}</span>
                ) : (
                  <Button
                    onClick={() =>
                      void act(async () => call('DELETE /api/sessions/:id', { params: { id } }), t('settings.ended'))
                    }
                  >
                    {t('settings.end')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {sessions !== undefined && sessions.length > 1 && (
        <div>
          <Sure
            label={t('settings.end-others')}
            text={t('settings.end-others-sure')}
            yes={t('settings.end-others')}
            act={async () => act(async () => call('DELETE /api/sessions'), t('settings.ended-others'))}
          >
            {t('settings.end-others')}
          </Sure>
        </div>
      )}
    </Section>
  )
}
