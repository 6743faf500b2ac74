// The media door on a real port over real encrypted files in a temporary folder.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { MediaDeps } from '../../src/collect/assets/assets.ts'
import { openDiskStore } from '../../src/objects/disk/disk.ts'
import { encryptedStore } from '../../src/objects/encrypted/encrypted.ts'
import { wrappingKeys } from '../../src/objects/encrypted/keys.ts'
import type { ObjectStore } from '../../src/objects/store.ts'
import { startTestServer, testKeys, type TestServer, type TestServerOptions } from './collect-server.ts'
import { openSocket } from './raw.ts'

export const MiB = 1024 * 1024
const keys = wrappingKeys(Buffer.alloc(32, 5), undefined)
export const keyId = keys[0].id.toString('hex')

export interface AssetAnswer {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

export interface AssetRig {
  readonly folder: string
  readonly store: ObjectStore
  readonly server: TestServer
  /** `method` may stand among the headers. */
  put(
    path: string,
    body: Uint8Array | AsyncIterable<Uint8Array> | null,
    headers?: Record<string, string>,
  ): Promise<AssetAnswer>
  rows(): readonly Readonly<Record<string, unknown>>[]
  /** Files of uploads under way. */
  uploads(): Promise<string[]>
  /** A connection that is closed at the end. */
  open(): Promise<Socket>
  stop(): Promise<void>
}

export async function startAssetRig(
  media: Partial<MediaDeps> = {},
  options: TestServerOptions = {},
): Promise<AssetRig> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-media-'))
  const store = encryptedStore({ store: await openDiskStore({ folder }), keys })
  const deps: MediaDeps = {
    settings: { assetBytesMax: 5 * MiB, assetsReceivingMax: 16 },
    diskFreeBytesMin: MiB,
    store,
    keyId,
    freeBytes: async () => 1024 * MiB,
    ...media,
  }
  const server = await startTestServer({ media: deps, ...options })
  const sockets: Socket[] = []
  return {
    folder,
    store,
    server,
    async put(path, body, { method = 'PUT', ...headers } = {}) {
      const init = {
        method,
        headers: { 'x-write-key': testKeys.shop, 'content-type': 'video/mp4', ...headers },
        body: body as BodyInit | null,
        duplex: 'half',
      }
      const response = await fetch(server.url + path, init)
      const json = (await response.json()) as AssetAnswer['json']
      return { status: response.status, headers: response.headers, json }
    },
    rows: () => server.records.map(({ body }) => body),
    async uploads() {
      return (await readdir(folder)).includes('~uploading') ? readdir(join(folder, '~uploading')) : []
    },
    async open() {
      const socket = await openSocket(server.port)
      sockets.push(socket)
      return socket
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function headOf(id: string, bytes: number, key: string = testKeys.shop): string {
  return `PUT /v1/assets/${id} HTTP/1.1\r\nHost: x\r\nX-Write-Key: ${key}\r\nContent-Length: ${bytes}\r\n\r\n`
}

/** Lets the server take in what has come. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
}
