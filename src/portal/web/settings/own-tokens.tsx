// Tokens of one's own, for notebooks and BI tools.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'

import type { MadeTokenAnswer } from '../../api/account-answers.ts'
import type { MeAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { cardClass, Field, Section, ShownOnce, useAct, Wrong } from './parts.tsx'
import { Lifetime, type Days, daysOf } from './lifetime.tsx'
import { TokenTable } from './token-table.tsx'
import { settingsWords } from './words.ts'

export function OwnTokens({ me }: { readonly me: MeAnswer }) {
  const t = useWords(settingsWords)
  const act = useAct('own-tokens')
  const [made, setMade] = useState<MadeTokenAnswer | undefined>()
  const { data: tokens, error } = useQuery({
    queryKey: ['own-tokens'],
    queryFn: async ({ signal }) => (await call('GET /api/me/tokens', { signal })).tokens,
  })
  return (
    <>
      <Section title={t('settings.token-new')} text={t('settings.token-text')}>
        {me.hasSession ? <NewToken done={setMade} /> : <p className="text-muted">{t('settings.by-token')}</p>}
        {made !== undefined && (
          <ShownOnce
            label={t('settings.token-made', { name: made.name })}
            text={t('settings.once')}
            secret={made.token}
            close={() => setMade(undefined)}
          />
        )}
      </Section>
      <Section title={t('settings.part-tokens')}>
        <Wrong text={error === null ? undefined : messageOf(error)} />
        {tokens !== undefined && (
          <TokenTable
            label={t('settings.part-tokens')}
            tokens={tokens}
            revoke={async ({ id, name }) =>
              act(async () => call('DELETE /api/me/tokens/:id', { params: { id } }), t('settings.revoked', { name }))
            }
          />
        )}
      </Section>
    </>
  )
}

function NewToken({ done }: { readonly done: (made: MadeTokenAnswer) => void }) {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [days, setDays] = useState<Days>('90')
  const [wrong, setWrong] = useState('')

  async function make(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      done(await call('POST /api/me/tokens', { body: { name, ...daysOf(days) } }))
      setName('')
    } catch (error) {
      setWrong(messageOf(error))
    }
    await client.invalidateQueries({ queryKey: ['own-tokens'] })
  }

  return (
    <form className={cardClass} aria-label={t('settings.token-new')} onSubmit={(event) => void make(event)}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('settings.token-name')}>
          <input
            required
            maxLength={100}
            autoComplete="off"
            placeholder="notebook"
            className={`${fieldClass} w-56`}
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </Field>
        <Lifetime value={days} choose={setDays} />
        <Button type="submit" isPrimary>
          {t('settings.make')}
        </Button>
      </div>
      <Wrong text={wrong} />
    </form>
  )
}
