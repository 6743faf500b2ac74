// Where each zstd frame ends. A chunk may be several frames one after the other (Fluentd appends to a compressed chunk),
// and Node's decompressor stops silently behind the first of what it is given at once. RFC 8878 §3.1.

const magic = 0xfd2fb528
/** 0x184D2A50 to 0x184D2A5F: frames that hold no data of the stream. */
const skippableMagic = 0x184d2a50
const headBytesOfDictionary = [0, 1, 2, 4]
const headBytesOfSize = [0, 2, 4, 8]
const lastBlock = 1
const repeatedByteBlock = 1
const reservedBlock = 3

export interface ZstdFrame {
  readonly end: number
  /** False: nothing of the stream is in it. */
  readonly isData: boolean
}

/** The frame that begins at `at`, or undefined if no whole one does. Nothing is decompressed. */
export function zstdFrameAt(bytes: Buffer, at: number): ZstdFrame | undefined {
  if (at + 8 > bytes.length) return undefined
  const mark = bytes.readUInt32LE(at)
  const isData = mark === magic
  if (!isData && (mark & 0xfffffff0) !== skippableMagic) return undefined
  const end = isData ? frameEnd(bytes, at) : at + 8 + bytes.readUInt32LE(at + 4)
  return end === undefined || end > bytes.length ? undefined : { end, isData }
}

function frameEnd(bytes: Buffer, start: number): number | undefined {
  const descriptor = bytes[start + 4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeBytes = descriptor >> 6 === 0 && isSingleSegment ? 1 : (headBytesOfSize[descriptor >> 6] ?? 0)
  let at = start + 5 + (isSingleSegment ? 0 : 1) + (headBytesOfDictionary[descriptor & 3] ?? 0) + sizeBytes
  for (;;) {
    if (at + 3 > bytes.length) return undefined
    const head = bytes.readUIntLE(at, 3)
    const type = (head >> 1) & 3
    if (type === reservedBlock) return undefined
    at += 3 + (type === repeatedByteBlock ? 1 : head >> 3)
    if ((head & lastBlock) !== 0) break
  }
  const hasChecksum = (descriptor & 0x04) !== 0
  return at + (hasChecksum ? 4 : 0)
}
