// Asks ZetaSQL's reference evaluator (Google's own, from npm) what a query answers. Only what the evaluator knows: no DDL, DML,
// scripts, pipe syntax or newest functions.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'

import { credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

import { fixture, tableSql } from './fixture.ts'
import { type OracleType, rowText, typeText } from './oracle-values.ts'

export type OracleAnswer =
  | { readonly kind: 'rows'; readonly types: readonly string[]; readonly rows: readonly string[] }
  | { readonly kind: 'error'; readonly text: string }

export interface Oracle {
  ask(sql: string): Promise<OracleAnswer>
  stop(): void
}

type Call = (
  request: object,
  options: { deadline: number },
  done: (error: Error | null, answer: unknown) => void,
) => void

const lib = join(
  dirname(createRequire(import.meta.url).resolve('@fivetrandevelopers/zetasql/package.json')),
  'lib/zetasql',
)
const server = join(lib, arch() === 'arm64' ? 'remote_server_arm.so' : 'remote_server.so')
const rewrites = [
  'REWRITE_FLATTEN',
  'REWRITE_PIVOT',
  'REWRITE_UNPIVOT',
  'REWRITE_TYPEOF_FUNCTION',
  'REWRITE_LIKE_ANY_ALL',
]

/** Why the oracle can't be asked here; undefined: it can. */
export function oracleMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the reference evaluator is a Linux program'
  return existsSync(server) ? undefined : 'the reference evaluator is not installed'
}

export async function startOracle(): Promise<Oracle> {
  const port = await freePort()
  const child = spawn(server, ['localhost', String(port)], { stdio: 'ignore' })
  const definition = loadSync('local_service.proto', {
    longs: String,
    enums: String,
    bytes: Buffer,
    defaults: false,
    oneofs: true,
    includeDirs: [join(lib, 'protos')],
  })
  const loaded = loadPackageDefinition(definition) as unknown as {
    zetasql: { local_service: { ZetaSqlLocalService: new (address: string, credentials: unknown) => object } }
  }
  const Service = loaded.zetasql.local_service.ZetaSqlLocalService
  const client = new Service(`localhost:${port}`, credentials.createInsecure()) as Record<string, Call> & {
    close(): void
  }
  const call = async (method: string, request: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client[method]?.call(client, request, { deadline: Date.now() + 30_000 }, (error, answer) => {
        if (error === null) resolve(answer)
        else reject(error)
      })
    })
  await untilUp(child, call)
  const language = (await call('GetLanguageOptions', { maximumFeatures: true })) as Record<string, unknown>
  const languageOptions = {
    ...language,
    productMode: 'PRODUCT_EXTERNAL',
    nameResolutionMode: 'NAME_RESOLUTION_DEFAULT',
  }
  return {
    async ask(sql) {
      const options = {
        languageOptions,
        defaultTimezone: 'UTC',
        errorMessageMode: 'ERROR_MESSAGE_ONE_LINE',
        enabledRewrites: rewrites,
      }
      const simpleCatalog = { name: 'c', builtinFunctionOptions: { languageOptions } }
      try {
        return answerOf(await call('EvaluateQuery', { sql: withFixture(sql), options, simpleCatalog }))
      } catch (error) {
        return { kind: 'error', text: String((error as { details?: string }).details ?? error) }
      }
    },
    stop() {
      client.close()
      child.kill('SIGKILL')
    },
  }
}

interface Evaluated {
  readonly content?: { readonly tableData?: { readonly row?: readonly { readonly cell?: readonly unknown[] }[] } }
  readonly prepared?: { readonly columns?: readonly { readonly type: OracleType }[] }
}

function answerOf(answer: unknown): OracleAnswer {
  const { content, prepared } = answer as Evaluated
  const types = (prepared?.columns ?? []).map(({ type }) => type)
  const rows = (content?.tableData?.row ?? []).map(({ cell = [] }) => rowText(cell, types))
  return { kind: 'rows', types: types.map(typeText), rows }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise((resolve) => {
    probe.close(resolve)
  })
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function untilUp(
  child: ChildProcess,
  call: (method: string, request: object) => Promise<unknown>,
): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt += 1) {
    try {
      await call('FormatSql', { sql: 'select 1' })
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('The reference evaluator did not start')
}

/** The evaluator has no tables: those that a query names become WITH clauses before it. */
function withFixture(sql: string): string {
  const used = fixture.filter(({ name }) => new RegExp(`\\bds\\.${name}\\b`).test(sql))
  if (used.length === 0) return sql
  const plain = sql.replaceAll(/`?(?:my-proj\.)?`?\bds\.`?(\w+)`?/g, '$1')
  const clauses = used.map((table) => `${table.name} AS (${tableSql(table)})`).join(', ')
  const body = /^\s*WITH\s+(RECURSIVE\s+)?/i.exec(plain)
  if (body === null) return `WITH ${clauses} ${plain}`
  return `WITH ${body[1] ?? ''}${clauses}, ${plain.slice(body[0].length)}`
}
