// The contract of an object store: where archived segments and media live. One folder per driver; every driver passes
// test/contract/object-store.ts. Names are paths of parts joined by `/`, e.g. `events/0000004294967297.seg.zst`.

export interface ObjectInfo {
  readonly name: string
  /** Of the content, as `get` gives it out; an encrypted object takes a little more on disk. */
  readonly bytes: number
  readonly modifiedAtMicros: number
}

export interface PutReceipt {
  readonly bytes: number
  /** Of the content, hexadecimal. */
  readonly sha256: string
}

export interface PutOptions {
  /** Hexadecimal. Another content is refused with object-damaged, and nothing is kept. */
  readonly sha256?: string
}

/** Bytes `start` to `end` - 1. `end` beyond the object is its end. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface ObjectContent {
  readonly info: ObjectInfo
  /** Of an encrypted object: the id of the key that wraps its own, hexadecimal. */
  readonly keyId?: string
  /** Of the range asked for. Reading to the end, breaking off and an error all free what it holds. Error: object-damaged. */
  readonly content: AsyncIterable<Uint8Array>
}

/**
 * Safe to use from many places at once. Names: parts of [A-Za-z0-9._-], none of them `.` or `..`, 512 characters at most;
 * others are refused with object-name-invalid. A full disk rejects with disk-full.
 */
export interface ObjectStore {
  /**
   * All or nothing: when it resolves the object is durable, until then nobody sees it, and whatever stops it leaves the
   * object of that name as it was. An object of the same name is replaced.
   */
  put(name: string, content: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutReceipt>
  /** Undefined: there is no such object. It may be one that can't be read, and is not damaged: object-unreadable. */
  get(name: string, range?: ByteRange): Promise<ObjectContent | undefined>
  head(name: string): Promise<ObjectInfo | undefined>
  /** Objects whose names begin with `prefix`, sorted by name (as bytes), behind `after`. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>
  /** Missing is fine. Durable when it resolves. */
  remove(name: string): Promise<void>
}
