// The real API on real control, and browsers that keep cookies, for the tests of signing in.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { FastifyInstance, InjectOptions } from 'fastify'

import { type Control, openControl } from '../../src/control/control.ts'
import type { Role } from '../../src/control/principals.ts'
import { createLog } from '../../src/core/log.ts'
import type { LoginSettings } from '../../src/core/settings.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import { SimulatedClock } from '../faults/simulated-clock.ts'

export const password = 'a long enough password'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly cookies: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
  readonly code: string | undefined
}

export interface Ask {
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

export class Browser {
  readonly #app: FastifyInstance
  readonly cookies = new Map<string, string>()
  address = '192.0.2.1'

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  async ask(method: string, url: string, { body, headers = {} }: Ask = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.#app.inject({
      method,
      url,
      headers: {
        'sec-fetch-site': 'same-origin',
        'user-agent': 'Test/1.0',
        'x-millpond-client-address': this.address,
        ...(cookie === '' ? {} : { cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    } as InjectOptions)
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    for (const line of cookies) this.#keep(line)
    const isJson = String(answer.headers['content-type']).includes('json')
    const parsed = (isJson ? JSON.parse(answer.body) : {}) as Answer['body'] & { error?: { code?: string } }
    return { status: answer.statusCode, headers: answer.headers, cookies, body: parsed, code: parsed.error?.code }
  }

  async signIn(email: string, given = password): Promise<Answer> {
    return this.ask('POST', '/api/auth/sign-in', { body: { email, password: given } })
  }

  /** Whom Millpond takes this browser for. */
  async who(): Promise<unknown> {
    return (await this.ask('GET', '/api/me')).body['handle']
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

export interface SignInRig {
  readonly control: Control
  readonly clock: SimulatedClock
  readonly folder: string
  browser(): Browser
  /** Somebody who has taken their invitation, signed in in a browser. */
  person(handle: string, role: Role): Promise<Browser>
  close(): Promise<void>
}

export async function openSignInRig(login: Partial<LoginSettings> = {}, publicUrl?: string): Promise<SignInRig> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-sign-in-'))
  // better-auth has no clock but the machine's: ours begins where that one is.
  const clock = new SimulatedClock(Date.now() * 1000)
  const log = createLog('silent')
  const settings = { loginTriesPerAddressMax: 1_000, loginTriesPerAccountMax: 1_000, ...login }
  const control = await openControl(folder, { clock, log, login: { settings, publicUrl } })
  const bigquery = { clock, log, control, made: { catalog: () => ({ datasets: [] }) } }
  const deps = { control, clock, log, publicUrl, bigquery, sourcesChanged: () => undefined, query: { jobs: () => [] } }
  const app = buildApi('public', deps as unknown as ApiDeps)
  await app.ready()
  const browser = (): Browser => new Browser(app)
  return {
    control,
    clock,
    folder,
    browser,
    async person(handle, role) {
      const { code } = control.logins.add({ email: `${handle}@example.com`, role })
      const own = browser()
      const answer = await own.ask('POST', '/api/auth/invitation/accept', { body: { code, password } })
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
      return own
    },
    async close() {
      await app.close()
      await control.stop()
      await rm(folder, { recursive: true })
    },
  }
}
