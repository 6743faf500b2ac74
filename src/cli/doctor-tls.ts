// The TLS files, looked at as a server would: readable, a pair, and valid today.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { messageOf } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import type { Check } from './doctor-checks.ts'

const dayMs = 86_400_000
const renewDays = 14

export async function checkTls(settings: Settings, nowMs: number): Promise<Omit<Check, 'name'>> {
  const { tlsCert, tlsKey } = settings
  if (tlsCert === undefined || tlsKey === undefined) return { state: 'good', found: 'off' }
  try {
    const certificate = new X509Certificate(await readFile(tlsCert))
    const key = createPrivateKey(await readFile(tlsKey))
    if (!certificate.checkPrivateKey(key)) {
      return {
        state: 'bad',
        found: 'certificate and key do not belong together',
        next: 'Set MILLPOND_TLS_CERT and MILLPOND_TLS_KEY to a pair.',
      }
    }
    return checkDates(certificate, nowMs)
  } catch (error) {
    const next = 'Both files must be readable by this user, and PEM without a password.'
    return { state: 'bad', found: messageOf(error), next }
  }
}

function checkDates(certificate: X509Certificate, nowMs: number): Omit<Check, 'name'> {
  const fromMs = Date.parse(certificate.validFrom)
  const toMs = Date.parse(certificate.validTo)
  const found = `valid until ${new Date(toMs).toISOString().slice(0, 10)}`
  const next = 'Renew it: the files are read again when they change.'
  if (nowMs < fromMs)
    return { state: 'bad', found: `not valid before ${new Date(fromMs).toISOString()}`, next: 'Check the clock.' }
  if (nowMs >= toMs) return { state: 'bad', found: `expired, was ${found}`, next }
  if (toMs - nowMs < renewDays * dayMs) return { state: 'warning', found, next }
  return { state: 'good', found }
}
