// What `millpond start` prints once everything answers: where it is, and the next three things to do.
import { resolve } from 'node:path'

import type { Settings } from '../core/settings.ts'

export interface StartFacts {
  readonly settings: Settings
  /** Where senders reach us, with scheme, without trailing slash. */
  readonly address: string
  /** `host:port` of Fluent Forward; undefined when it is off. */
  readonly forwardAddress?: string | undefined
  /** `host:port` of the Postgres protocol; undefined when it is off. */
  readonly postgresAddress?: string | undefined
  readonly oneTimeCode: string | undefined
  /** How this Millpond is called on a command line. */
  readonly command: string
  /** Where the commands are likely to be typed. */
  readonly workingFolder?: string
}

export function startBlock(facts: StartFacts): string {
  const { settings, address, forwardAddress, postgresAddress, oneTimeCode } = facts
  const command = commandOn(facts)
  const lines = [
    '',
    `  Millpond is running at ${address}`,
    ...(forwardAddress === undefined ? [] : [`  Fluent Forward         ${forwardAddress}`]),
    ...(postgresAddress === undefined ? [] : [`  Postgres (BI tools)    ${postgresAddress}`]),
    `  Data folder            ${settings.data}`,
    '',
    `  Make a source          ${command} source add web`,
    oneTimeCode === undefined
      ? `  Look at it             ${address}/   (token: ${command} token create laptop)`
      : `  Administrator, once    ${address}/login?code=${oneTimeCode}`,
    '',
    '  Send an event (with the write key that `source add` prints)',
    `    curl ${address}/v1/track -u WRITE_KEY: \\`,
    `      -d '{"userId":"u1","event":"Hello Pond","properties":{"answer":42}}'`,
    '',
    "  From an app, with Segment's own SDK",
    `    new Analytics({ writeKey: 'WRITE_KEY', host: '${address}' }).track({ userId: 'u1', event: 'Hello Pond' })`,
    '',
    `  Ask                    ${command} query "SELECT * FROM web.hello_pond"`,
  ]
  if (!address.startsWith('https:')) {
    lines.push(
      '',
      "  Note: Segment's Swift and Kotlin SDKs speak only https. Set MILLPOND_TLS_CERT and MILLPOND_TLS_KEY, or put a",
    )
    lines.push('  proxy with a certificate in front and name it in MILLPOND_PUBLIC_URL and MILLPOND_TRUSTED_PROXIES.')
  }
  return `${lines.join('\n')}\n\n`
}

/** A printed command must find this data folder: by default, or else by name, whatever the environment says there. */
function commandOn({ settings, command, workingFolder = process.cwd() }: StartFacts): string {
  const isDefault = settings.data === resolve(workingFolder, 'millpond-data')
  return isDefault ? command : `${command} --data ${shellWord(settings.data)}`
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
