// An address where nothing is.
import { Link } from '@tanstack/react-router'

import { useWords } from '../words/words.ts'
import { Empty } from './parts.tsx'
import { missingWords } from './missing-words.ts'

export function Missing() {
  const t = useWords(missingWords)
  return (
    <Empty title={t('missing.title')}>
      <p>{t('missing.text')}</p>
      <Link to="/sql" className="text-accent underline underline-offset-2">
        {t('missing.back')}
      </Link>
    </Empty>
  )
}
