// jobs.insert with a file: multipart/related in one request, or a resumable session in many.
import type { Readable } from 'node:stream'

import { addressOf } from './address.ts'
import { type Api, checkJobId, checkProject } from './api.ts'
import { parseJson, readBytes } from './body.ts'
import { invalid } from './google-error.ts'
import { jobResource } from './job-resource.ts'
import { loadRequestOf, startLoadJob } from './load-jobs.ts'
import { boundaryOf, readMultipart } from './multipart.ts'
import type { Answer, Call, Route } from './router.ts'
import { jobResource as jobShape, type JobResource, parseShape } from './shapes.ts'
import type { UploadSession } from './uploads.ts'

export function uploadRoutes(api: Api): Route[] {
  const path = 'projects/{projectId}/jobs'
  return [
    { id: 'bigquery.jobs.insert', method: 'POST', path, upload: true, handle: async (call) => upload(api, call) },
    { id: 'bigquery.jobs.insert', method: 'PUT', path, upload: true, handle: async (call) => put(api, call) },
  ]
}

async function upload(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const type = call.query.text('uploadType') ?? 'multipart'
  if (call.query.text('upload_id') !== undefined) return put(api, call)
  if (type === 'resumable') return begin(api, call)
  if (type === 'multipart') return multipart(api, call)
  throw invalid(`uploadType ${type.slice(0, 40)} is not known; use multipart or resumable`, 'uploadType')
}

/** What the file is for. Errors: invalid, accessDenied. */
function checked(
  api: Api,
  { principal }: Call,
  bytes: Uint8Array,
): { resource: JobResource; request: ReturnType<typeof loadRequestOf> } {
  const resource = parseShape(jobShape, parseJson(bytes))
  const load = resource.configuration?.load
  if (load === undefined) throw invalid('An upload needs configuration.load')
  checkProject(api, resource.jobReference?.projectId)
  if (resource.jobReference?.jobId !== undefined) checkJobId(resource.jobReference.jobId)
  return { resource, request: loadRequestOf(api, principal, load) }
}

async function multipart(api: Api, call: Call): Promise<Answer> {
  const { raw, headers } = call.request
  const { metadata, media } = await readMultipart(raw as Readable, boundaryOf(headers['content-type']))
  const { resource, request } = checked(api, call, metadata)
  const file = await api.uploads.createFile()
  try {
    await file.append(media)
  } catch (error) {
    await file.remove()
    throw error
  }
  return jobResource(api, await startLoadJob(api, { principal: call.principal, resource, request, file }))
}

async function begin(api: Api, call: Call): Promise<Answer> {
  const { request, reply, principal } = call
  const { resource } = checked(api, call, await readBytes(request.raw))
  const said = request.headers['x-upload-content-length']
  const totalBytes = typeof said === 'string' && /^\d{1,18}$/.test(said) ? Number(said) : undefined
  const session = await api.uploads.begin(principal, resource, totalBytes)
  const path = request.url.split('?')[0] ?? ''
  const address = `${addressOf(request, api.deps.publicUrl)}${path}`
  await reply
    .header('location', `${address}?uploadType=resumable&upload_id=${session.id}`)
    .header('x-guploader-uploadid', session.id)
    .code(200)
    .send('')
  return undefined
}

interface ContentRange {
  /** undefined: no bytes, only a question or the end. */
  readonly first: number | undefined
  readonly total: number | undefined
}

/** `bytes 0-99/200`, `bytes 0-99/*`, a star in place of the bytes, or absent: all in one. Error: invalid. */
function rangeOf(header: string | undefined): ContentRange {
  if (header === undefined) return { first: 0, total: undefined }
  const match = /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(?:(\d{1,15})|\*)$/.exec(header)
  if (match === null) throw invalid(`Invalid value for Content-Range: ${header.slice(0, 100)}`)
  return {
    first: match[1] === undefined ? undefined : Number(match[1]),
    total: match[2] === undefined ? undefined : Number(match[2]),
  }
}

async function put(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const { request, principal } = call
  const session = api.uploads.find(call.query.text('upload_id') ?? '', principal)
  const header = request.headers['content-range']
  const range = rangeOf(header)
  session.isBusy = true
  try {
    // Bytes that are here already are not taken twice; a gap is answered with what is missing.
    if (range.first !== undefined && range.first === session.file.bytes)
      await session.file.append(request.raw as Readable)
    else request.raw.resume()
  } finally {
    session.isBusy = false
  }
  const total = header === undefined ? session.file.bytes : (range.total ?? session.totalBytes)
  if (total === undefined || session.file.bytes < total) return incomplete(call, session)
  return finish(api, call, session)
}

async function incomplete({ reply }: Call, { file }: UploadSession): Promise<Answer> {
  if (file.bytes > 0) void reply.header('range', `bytes=0-${file.bytes - 1}`)
  await reply.code(308).send('')
  return undefined
}

async function finish(api: Api, { principal }: Call, session: UploadSession): Promise<Answer> {
  api.uploads.end(session)
  const { resource, file } = session
  const load = resource.configuration?.load
  if (load === undefined) throw invalid('An upload needs configuration.load')
  return jobResource(
    api,
    await startLoadJob(api, { principal, resource, request: loadRequestOf(api, principal, load), file }),
  )
}
