// Who an event is about, as Meta wants it: normalised, then hashed with SHA-256; what is hashed already is left alone, and what must
// not be hashed isn't.
import { createHash } from 'node:crypto'

import type { Json, OutgoingEvent } from '../destination.ts'
import { contextOf, objectOf, textOf } from '../read.ts'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** 64 hex digits are a hash already. */
export function hashed(text: string): string {
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : sha256(text)
}

const letters = (text: string): string => text.toLowerCase().replaceAll(/[\p{P}\p{S}\s\d]/gu, '')

/** '' = it says nothing. */
const normalise: Readonly<Record<string, (text: string) => string>> = {
  em: (text) => (/^\S+@\S+$/.test(text) ? text.toLowerCase() : ''),
  // With its country: a number that begins with 0 could be anybody's.
  ph: (text) => (/^\s*(?:\+|00)?[1-9][\d\s().-]{5,}$/.test(text) ? text.replaceAll(/\D/g, '').replace(/^0+/, '') : ''),
  fn: (text) =>
    text
      .toLowerCase()
      .replaceAll(/[\p{P}\p{S}]/gu, '')
      .trim(),
  ln: (text) =>
    text
      .toLowerCase()
      .replaceAll(/[\p{P}\p{S}]/gu, '')
      .trim(),
  ge: (text) => (/^[fm]/i.test(text) ? text.slice(0, 1).toLowerCase() : ''),
  db: (text) => /^(\d{4})-?(\d\d)-?(\d\d)/.exec(text)?.slice(1).join('') ?? '',
  ct: letters,
  st: letters,
  zp: (text) => text.toLowerCase().replaceAll(/[\s-]/g, ''),
  country: (text) => (/^[a-z]{2}$/i.test(text) ? text.toLowerCase() : ''),
}

export function normalised(field: string, text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  return normalise[field]?.(text.trim()) ?? ''
}

export function userDataOf(outgoing: OutgoingEvent, options: Json): Record<string, unknown> {
  const { event, userId, anonymousId } = outgoing
  const context = contextOf(outgoing)
  const traits = { ...objectOf(context['traits']), ...objectOf(event['traits']) }
  const properties = objectOf(event['properties'])
  const address = objectOf(traits['address'])
  const said: Readonly<Record<string, unknown>> = {
    em: traits['email'] ?? properties['email'],
    ph: traits['phone'] ?? properties['phone'],
    fn: traits['firstName'] ?? traits['first_name'],
    ln: traits['lastName'] ?? traits['last_name'],
    ge: traits['gender'],
    db: traits['birthday'],
    ct: address['city'],
    st: address['state'],
    zp: address['postalCode'] ?? address['postal_code'],
    country: address['country'],
  }
  const data: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(said)) {
    const text = normalised(field, textOf(value))
    if (text !== '') data[field] = [hashed(text)]
  }
  const external = [userId, anonymousId].filter((id) => id !== '').map(hashed)
  if (external.length > 0) data['external_id'] = external
  const plain: Readonly<Record<string, string>> = {
    client_ip_address: textOf(context['ip']),
    client_user_agent: textOf(context['userAgent']),
    fbp: textOf(options['fbp'] ?? context['fbp'] ?? properties['fbp']),
    fbc: textOf(options['fbc'] ?? context['fbc'] ?? properties['fbc']) || clickOf(outgoing, context),
  }
  for (const [field, text] of Object.entries(plain)) if (text !== '') data[field] = text
  return data
}

/** The click that led to the page, as Meta's own script would keep it. */
function clickOf({ atMicros }: OutgoingEvent, context: Json): string {
  const url = textOf(objectOf(context['page'])['url'])
  const click = URL.canParse(url) ? new URL(url).searchParams.get('fbclid') : null
  return click === null ? '' : `fb.1.${Math.floor(atMicros / 1000)}.${click}`
}
