// Tokens: never their secrets; each with the button that makes it worthless.
import type { TokenAnswer } from '../../api/account-answers.ts'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { Sure } from './parts.tsx'
import { Moment } from './times.tsx'
import { settingsWords } from './words.ts'

interface TokenTableProps {
  readonly label: string
  readonly tokens: readonly TokenAnswer[]
  /** Also whose each is. */
  readonly isOfAll?: boolean
  readonly revoke: (token: TokenAnswer) => Promise<void>
}

export function TokenTable({ label, tokens, isOfAll = false, revoke }: TokenTableProps) {
  const t = useWords(settingsWords)
  if (tokens.length === 0) {
    return <p className="rounded-md border border-line bg-card p-6 text-center text-muted">{t('settings.no-tokens')}</p>
  }
  const names = isOfAll
    ? (['token-name', 'whose', 'made', 'used', 'ends'] as const)
    : (['token-name', 'made', 'used', 'ends'] as const)
  const columns = [
    ...names.map((name) => ({ name, text: t(`settings.${name}`) })),
    { name: 'act', text: t('settings.act'), isRight: true },
  ]
  return (
    <Table label={label} columns={columns}>
      {tokens.map((token) => (
        <Row key={token.id} token={token} isOfAll={isOfAll} revoke={revoke} />
      ))}
    </Table>
  )
}

function Row({ token, isOfAll, revoke }: Omit<TokenTableProps, 'label' | 'tokens'> & { readonly token: TokenAnswer }) {
  const t = useWords(settingsWords)
  const { name, handle, createdAtMicros, lastUsedAtMicros, expiresAtMicros } = token
  const isOver = expiresAtMicros !== null && expiresAtMicros / 1000 <= Date.now()
  return (
    <tr className="border-t border-line">
      <th scope="row" className="max-w-64 truncate px-3 py-1.5 font-medium">
        {name}
      </th>
      {isOfAll && <td className="max-w-40 truncate px-3 text-muted">{handle}</td>}
      <td className="px-3 text-muted">
        <Moment micros={createdAtMicros} />
      </td>
      <td className="px-3 text-muted">
        {lastUsedAtMicros === null ? t('settings.never-used') : <Moment micros={lastUsedAtMicros} />}
      </td>
      <td className={`px-3 ${isOver ? 'text-warn' : 'text-muted'}`}>
        {isOver ? t('settings.expired') : <Moment micros={expiresAtMicros} />}
      </td>
      <td className="px-3 py-1 text-right">
        <Sure
          label={t('settings.revoke-what', { name })}
          text={t('settings.revoke-sure')}
          yes={t('settings.revoke')}
          act={async () => revoke(token)}
        >
          {t('settings.revoke')}
        </Sure>
      </td>
    </tr>
  )
}
