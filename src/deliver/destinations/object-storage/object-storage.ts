// Files of events in a bucket: of AWS, or of any store that speaks S3. A file for each source and hour, under a name that the place in
// the stream gives it: putting it again changes nothing.
import { createHash } from 'node:crypto'

import type { IncomingAnswer } from '../../../outgoing/http.ts'
import {
  baseUrlSetting,
  commonSettings,
  type DestinationSettings,
  type DestinationType,
  judgeStatus,
  type Outcome,
  type OutgoingEvent,
  type SettingSpec,
  type SliceLimits,
  urlObjection,
} from '../destination.ts'
import { eventFile, type FileFormat, rowText } from './file.ts'
import { defaultRegion, signedPut } from './signed-put.ts'

/** All of a slice is in memory while it is sent, as events and as rows. */
const slice: SliceLimits = { eventsMax: 20_000, bytesMax: 16 * 1024 * 1024 }

const place: readonly SettingSpec[] = [
  {
    name: 'bucket',
    description: 'the bucket, which must be there already',
    isRequired: true,
    isSecret: false,
    example: 'acme-events',
  },
  {
    name: 'prefix',
    description: 'what all names begin with',
    isRequired: false,
    isSecret: false,
    default: 'millpond',
    example: 'raw/events',
  },
  {
    name: 'region',
    description: "the bucket's region; R2 and Google Cloud Storage: auto",
    isRequired: false,
    isSecret: false,
    default: defaultRegion,
    example: 'ap-east-2',
  },
  {
    ...baseUrlSetting,
    description: 'address of another store than AWS',
    example: 'https://storage.googleapis.com',
  },
  {
    name: 'addressing',
    description: 'where the bucket stands in addresses; without it what AWS, or with `baseUrl` all others, want',
    isRequired: false,
    isSecret: false,
    choices: ['path', 'virtual-host'],
    example: 'path',
  },
]

const key: readonly SettingSpec[] = [
  {
    name: 'accessKeyId',
    description: 'id of an access key that may put objects there (s3:PutObject)',
    isRequired: true,
    isSecret: false,
    example: 'AKIAIOSFODNN7EXAMPLE',
  },
  {
    name: 'secretAccessKey',
    description: 'its secret',
    isRequired: true,
    isSecret: true,
    example: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
]

const files: readonly SettingSpec[] = [
  {
    name: 'format',
    description: 'ndjson: lines of JSON, compressed by gzip; parquet: columns, compressed by Snappy',
    isRequired: false,
    isSecret: false,
    choices: ['ndjson', 'parquet'],
    default: 'ndjson',
    example: 'parquet',
  },
  {
    name: 'eventsPerFileMax',
    description: `after so many events files leave before the hour is over; ${slice.eventsMax} at most`,
    isRequired: false,
    isSecret: false,
    default: String(slice.eventsMax),
    example: '5000',
  },
]

/** A lane: `<source>/<hour>`. The hour is that of the receiving. */
function laneOf({ source, receivedAtMicros }: OutgoingEvent): string {
  return `${source}/${new Date(receivedAtMicros / 1000).toISOString().slice(0, 13)}`
}

/** `<source>/year=…/month=…/day=…/hour=…`, as DuckDB, Athena, BigQuery and Spark read partitions. */
function folderOf(lane: string): string {
  const at = lane.lastIndexOf('/')
  const [year, month, day, hour] = lane.slice(at + 1).split(/[-T]/)
  return `${lane.slice(0, at)}/year=${year}/month=${month}/day=${day}/hour=${hour}`
}

function objection(settings: DestinationSettings): string | undefined {
  const { bucket = '', prefix = '', region = '', eventsPerFileMax = '', baseUrl } = settings
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(bucket)) return '`bucket` is no name of a bucket'
  if (!/^[a-z0-9-]{1,50}$/.test(region)) return '`region` is no name of a region, e.g. region=eu-central-1'
  if (prefix.length > 300 || /^\/|\/$|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(prefix)) {
    return '`prefix` is words between slashes, without one at its beginning or end'
  }
  const events = Number(eventsPerFileMax)
  if (!/^\d+$/.test(eventsPerFileMax) || events < 1 || events > slice.eventsMax) {
    return `\`eventsPerFileMax\` is a number from 1 to ${slice.eventsMax}`
  }
  const bad = urlObjection('baseUrl', baseUrl)
  if (bad !== undefined) return bad
  return new URL(baseUrl ?? 'https://a').search === '' ? undefined : '`baseUrl` has nothing behind a question mark'
}

/** What S3 answers is XML: `<Error><Code>…</Code><Message>…</Message>…`, and may echo what was signed. */
function judge(answer: IncomingAnswer): Outcome {
  const { status, body } = answer
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1]
  const message = /<Message>([^<]{1,300})<\/Message>/.exec(body)?.[1]
  const outcome = judgeStatus(code === undefined ? answer : { ...answer, body: `${code}: ${message ?? ''}` })
  // A connection that was too slow is a 400 there, two writers at one time a 409.
  if (code === 'RequestTimeout' || status === 409) return { kind: 'later', reason: reasonOf(outcome) }
  // It is about the bucket, the key or the clock, never about an event.
  return outcome.kind === 'refused' ? { kind: 'blocked', reason: outcome.reason } : outcome
}

function reasonOf(outcome: Outcome): string {
  return outcome.kind === 'taken' ? '' : outcome.reason
}

export const objectStorage: DestinationType = {
  type: 'object-storage',
  title: 'Object storage',
  description: 'files by the hour in a bucket of S3, Google Cloud Storage, R2 or MinIO: NDJSON or Parquet',
  integrationNames: ['Object Storage', 'Amazon S3', 'AWS S3', 'Google Cloud Storage'],
  settings: [...place, ...key, ...files, ...commonSettings],
  limits: {
    // A slice of one source and hour is one file, however it came about.
    eventsPerRequestMax: 1_000_000,
    bytesPerRequestMax: 5 * 1024 ** 3,
    requestsMax: 4,
    lastVerified: '2026-11-24',
    documentation: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html',
  },
  forgetNote:
    'Files are never touched again: delete or rewrite those that hold the person, or let the bucket expire them',
  repetition: 'by-id',
  repetitionNote:
    'A file that is put again has the same name and takes the place of the first. Only when settings change between two tries of one file may its events stand in two.',
  check: objection,
  slices: ({ eventsPerFileMax }) => ({ ...slice, eventsMax: Number(eventsPerFileMax ?? slice.eventsMax) }),
  shape: (event) => ({ items: [{ lane: laneOf(event), text: rowText(event) }] }),
  request(lane, items, settings, nowMicros, name) {
    const { format = 'ndjson', prefix = 'millpond' } = settings
    const file = eventFile(items, format as FileFormat)
    const fileName = name ?? createHash('sha256').update(items.join('\n')).digest('hex').slice(0, 32)
    const parts = [prefix, folderOf(lane), `${fileName}.${file.extension}`]
    return signedPut({ ...file, key: parts.join('/') }, settings, nowMicros)
  },
  judge,
}
