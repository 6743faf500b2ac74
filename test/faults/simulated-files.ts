// A disk in memory that keeps exactly the promises of src/core/files.ts and no others. At a power cut every unsynced
// write may be dropped, kept or torn by sectors of 512 bytes, and every unsynced name may be lost, chosen by a seed. It
// fills up, fails on command, counts calls, and stops at every await so that a harness can cut the power there.
import type { Files, OpenFile } from '../../src/core/files.ts'

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'size'
  | 'close'
  | 'list'
  | 'readAll'
  | 'rename'
  | 'remove'
  | 'makeFolder'
  | 'syncDirectory'
  | 'freeBytes'

type PendingWrite = { readonly offset: number; readonly bytes: Uint8Array } | { readonly truncateTo: number }
type PendingName = { readonly path: string; readonly node: Node | undefined; readonly from?: string }

interface Content {
  bytes: Uint8Array
  length: number
}

interface Node {
  readonly isFolder: boolean
  /** What a program sees. */
  readonly current: Content
  /** What a power cut leaves at least. */
  readonly durable: Content
  pending: PendingWrite[]
}

interface Failure {
  readonly operation: DiskOperation
  readonly code: string
  readonly path: RegExp | undefined
  skip: number
  times: number
}

const sectorBytes = 512

function diskError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what} (simulated)`), { code })
}

function resize(content: Content, length: number): void {
  if (length > content.bytes.length) {
    const grown = new Uint8Array(Math.max(length, content.bytes.length * 2, 1024))
    grown.set(content.bytes.subarray(0, content.length))
    content.bytes = grown
  }
  if (length > content.length) content.bytes.fill(0, content.length, length)
  content.length = length
}

function put(content: Content, bytes: Uint8Array, offset: number): void {
  if (offset + bytes.length > content.length) resize(content, offset + bytes.length)
  content.bytes.set(bytes, offset)
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

export class SimulatedDisk {
  /** Calls of each operation since the disk was made. */
  readonly calls = new Map<DiskOperation, number>()
  /** Bytes that reads of files have returned. */
  readBytes = 0
  /** Awaits passed since the disk was made. */
  steps = 0
  /** Called at every await, before and after the effect of each operation, and in the middle of writes. */
  onStep: ((step: number) => void) | undefined
  capacityBytes: number
  readonly #random: () => number
  readonly #failures: Failure[] = []
  #names = new Map<string, Node>()
  #durableNames = new Map<string, Node>()
  #pendingNames: PendingName[] = []
  #life = 0

  constructor(options: { random: () => number; capacityBytes?: number }) {
    this.#random = options.random
    this.capacityBytes = options.capacityBytes ?? Infinity
    const root = newNode(true)
    this.#names.set('/', root)
    this.#durableNames.set('/', root)
  }

  get callCount(): number {
    return [...this.calls.values()].reduce((sum, count) => sum + count, 0)
  }

  get usedBytes(): number {
    return [...this.#names.values()].reduce((sum, { current }) => sum + current.length, 0)
  }

  /** The file system as one life of the machine sees it: after a power cut its calls never return. */
  files(): Files {
    return filesOf(this, this.#life)
  }

  /** Calls `skip` … `skip + times - 1` of the operation from now on fail with `code`. */
  fail(operation: DiskOperation, code: string, options: { skip?: number; times?: number; path?: RegExp } = {}): void {
    const { skip = 0, times = 1, path } = options
    this.#failures.push({ operation, code, path, skip, times })
  }

  healAll(): void {
    this.#failures.length = 0
  }

  /** Damages bytes where they lie, durably; `change` gets the file's bytes. */
  damage(path: string, change: (bytes: Uint8Array) => void): void {
    const node = this.#names.get(path)
    if (node === undefined) throw diskError('ENOENT', path)
    for (const content of [node.current, node.durable]) change(content.bytes.subarray(0, content.length))
  }

  /** kill -9: nobody returns, but what was written stays in the system's memory. */
  kill(): void {
    this.#life += 1
  }

  powerCut(): void {
    this.#life += 1
    const nameOdds = this.#odds()
    for (const pending of this.#pendingNames) if (this.#random() < nameOdds) applyName(this.#durableNames, pending)
    this.#pendingNames = []
    const nodes = new Set(this.#durableNames.values())
    for (const node of nodes) this.#cutNode(node)
    const names = [...this.#durableNames].sort(([a], [b]) => (a < b ? -1 : 1))
    this.#names = new Map()
    // A folder whose own name was lost takes its content with it.
    for (const [path, node] of names) if (path === '/' || this.#names.has(parentOf(path))) this.#names.set(path, node)
    this.#durableNames = new Map(this.#names)
  }

  /** Waits at one await: lets others run, and never returns to a life that has ended. */
  async pass(life: number): Promise<void> {
    this.steps += 1
    this.onStep?.(this.steps)
    for (let turn = Math.floor(this.#random() * 3); turn >= 0; turn -= 1) await Promise.resolve()
    if (life !== this.#life) await new Promise<never>(() => {})
  }

  begin(operation: DiskOperation, path: string): Error | undefined {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
    const failure = this.#failures.find(
      (one) => one.operation === operation && one.times > 0 && (one.path?.test(path) ?? true),
    )
    if (failure === undefined) return undefined
    if (failure.skip > 0) {
      failure.skip -= 1
      return undefined
    }
    failure.times -= 1
    return diskError(failure.code, `${operation} ${path}`)
  }

  node(path: string): Node | undefined {
    return this.#names.get(path)
  }

  children(folder: string): string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`
    const names = [...this.#names.keys()].filter((path) => path.startsWith(prefix) && path !== folder)
    return names
      .map((path) => path.slice(prefix.length))
      .filter((name) => !name.includes('/'))
      .sort()
  }

  name(pending: PendingName): void {
    applyName(this.#names, pending)
    this.#pendingNames.push(pending)
  }

  addNode(path: string, isFolder: boolean): Node {
    if (this.#names.get(parentOf(path))?.isFolder !== true) throw diskError('ENOENT', path)
    const node = newNode(isFolder)
    this.name({ path, node })
    return node
  }

  syncNames(folder: string): void {
    for (const pending of this.#pendingNames)
      if (parentOf(pending.path) === folder) applyName(this.#durableNames, pending)
    this.#pendingNames = this.#pendingNames.filter(({ path }) => parentOf(path) !== folder)
  }

  /** Some bytes of a write that fails may have been written. */
  partOf(bytes: number): number {
    return Math.floor(this.#random() * (bytes + 1))
  }

  syncNode(node: Node): void {
    for (const pending of node.pending) applyWrite(node.durable, pending)
    node.pending = []
  }

  /** After a failed fsync the kernel calls the pages clean: some are on disk, the others never will be. */
  failSyncNode(node: Node): void {
    const odds = this.#random()
    for (const pending of node.pending) this.#applyTorn(node.durable, pending, odds)
    node.pending = []
  }

  #cutNode(node: Node): void {
    const odds = this.#odds()
    for (const pending of node.pending) this.#applyTorn(node.durable, pending, odds)
    node.pending = []
    resize(node.current, 0)
    put(node.current, node.durable.bytes.subarray(0, node.durable.length), 0)
  }

  /** Nothing, everything, or anything between. */
  #odds(): number {
    const kind = this.#random()
    return kind < 0.25 ? 0 : kind < 0.5 ? 1 : this.#random()
  }

  #applyTorn(content: Content, pending: PendingWrite, odds: number): void {
    if ('truncateTo' in pending) {
      if (this.#random() < odds) applyWrite(content, pending)
      return
    }
    const end = pending.offset + pending.bytes.length
    for (let from = pending.offset; from < end;) {
      const to = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes)
      if (this.#random() < odds) put(content, pending.bytes.subarray(from - pending.offset, to - pending.offset), from)
      from = to
    }
    // The size is metadata of its own: it may have grown over sectors that never came.
    if (content.length < end && this.#random() < odds / 4) resize(content, end)
  }
}

function newNode(isFolder: boolean): Node {
  const empty = (): Content => ({ bytes: new Uint8Array(0), length: 0 })
  return { isFolder, current: empty(), durable: empty(), pending: [] }
}

function applyName(names: Map<string, Node>, { path, node, from }: PendingName): void {
  if (from !== undefined && names.get(from) === node) names.delete(from)
  if (node === undefined) names.delete(path)
  else names.set(path, node)
}

function applyWrite(content: Content, pending: PendingWrite): void {
  if ('truncateTo' in pending) resize(content, pending.truncateTo)
  else put(content, pending.bytes, pending.offset)
}

function filesOf(disk: SimulatedDisk, life: number): Files {
  // Every operation: an await, the effect (or the injected error), an await.
  const run = async <T>(operation: DiskOperation, path: string, effect: () => T | Promise<T>): Promise<T> => {
    await disk.pass(life)
    const failure = disk.begin(operation, path)
    if (failure !== undefined) throw failure
    const result = await effect()
    await disk.pass(life)
    return result
  }
  return {
    open: (path, mode) =>
      run('open', path, () => {
        const node = disk.node(path)
        if (mode === 'create' && node !== undefined) throw diskError('EEXIST', path)
        if (mode !== 'create' && node === undefined) throw diskError('ENOENT', path)
        return openFileOf(disk, life, node ?? disk.addNode(path, false), path)
      }),
    list: (folder) => run('list', folder, () => disk.children(folder)),
    readAll: (path) =>
      run('readAll', path, () => {
        const node = disk.node(path)
        return node === undefined ? undefined : node.current.bytes.slice(0, node.current.length)
      }),
    rename: (from, to) =>
      run('rename', from, () => {
        const node = disk.node(from)
        if (node === undefined) throw diskError('ENOENT', from)
        disk.name({ path: to, node, from })
      }),
    remove: (path) =>
      run('remove', path, () => {
        if (disk.node(path) !== undefined) disk.name({ path, node: undefined })
      }),
    makeFolder: (path) =>
      run('makeFolder', path, () => {
        for (let at = path.indexOf('/', 1); ; at = path.indexOf('/', at + 1)) {
          const part = at === -1 ? path : path.slice(0, at)
          if (disk.node(part) === undefined) disk.addNode(part, true)
          if (at === -1) break
        }
      }),
    syncDirectory: (folder) =>
      run('syncDirectory', folder, () => {
        if (disk.node(folder)?.isFolder !== true) throw diskError('ENOENT', folder)
        disk.syncNames(folder)
      }),
    freeBytes: (path) => run('freeBytes', path, () => Math.max(0, disk.capacityBytes - disk.usedBytes)),
  }
}

function openFileOf(disk: SimulatedDisk, life: number, node: Node, path: string): OpenFile {
  const write = (bytes: Uint8Array, offset: number): void => {
    if (bytes.length === 0) return
    put(node.current, bytes, offset)
    node.pending.push({ offset, bytes })
  }
  return {
    async read(target, offset) {
      await disk.pass(life)
      const failure = disk.begin('read', path)
      if (failure !== undefined) throw failure
      const part = node.current.bytes.subarray(Math.min(offset, node.current.length), node.current.length)
      const read = part.subarray(0, target.byteLength)
      target.set(read)
      disk.readBytes += read.length
      await disk.pass(life)
      return read.length
    },
    async write(parts, offset) {
      await disk.pass(life)
      const failure = disk.begin('write', path)
      const all = Buffer.concat(parts)
      const room = disk.capacityBytes - disk.usedBytes + Math.max(0, node.current.length - offset)
      const isFull = all.length > room
      const allowed =
        failure !== undefined || isFull ? disk.partOf(Math.min(all.length, Math.max(0, room))) : all.length
      // In two halves, so that others can see, and the power can be cut over, a write that is under way.
      const half = disk.partOf(allowed)
      write(new Uint8Array(all.subarray(0, half)), offset)
      await disk.pass(life)
      write(new Uint8Array(all.subarray(half, allowed)), offset + half)
      if (failure !== undefined) throw failure
      if (isFull) throw diskError('ENOSPC', path)
      await disk.pass(life)
    },
    async truncate(bytes) {
      await disk.pass(life)
      const failure = disk.begin('truncate', path)
      if (failure !== undefined) throw failure
      resize(node.current, bytes)
      node.pending.push({ truncateTo: bytes })
      await disk.pass(life)
    },
    async sync() {
      await disk.pass(life)
      const failure = disk.begin('sync', path)
      if (failure !== undefined) {
        disk.failSyncNode(node)
        throw failure
      }
      disk.syncNode(node)
      await disk.pass(life)
    },
    async size() {
      await disk.pass(life)
      const failure = disk.begin('size', path)
      if (failure !== undefined) throw failure
      return node.current.length
    },
    async close() {
      await disk.pass(life)
      const failure = disk.begin('close', path)
      if (failure !== undefined) throw failure
    },
  }
}
