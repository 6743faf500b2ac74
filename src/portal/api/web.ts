// Serves the built web application (portal/web, in dist/web): its pages to whoever is signed in, the login page to everybody
// else, and its assets. Assets carry a hash of their content in their name, so browsers keep them for ever; the page itself is
// asked for each time, with a policy of content that lets nothing run but our own files.
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { SignIn } from '../../control/sign-in.ts'
import { MillpondError } from '../../core/errors.ts'
import { loginPage } from '../page/login-page.ts'
import { nobody } from './auth.ts'
import { pageHeaders, sendPage } from './page.ts'
import { portalPages } from './portal-pages.ts'

/** The same from src/ in a checkout and from dist/ in a package. */
const builtFolder = join(import.meta.dirname, '../../../dist/web')

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** In the order of choice. Browsers offer Brotli over https and on localhost only. */
const encodings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const

export function webRoutes(
  app: FastifyInstance,
  { control }: { readonly control: { readonly signIn: Pick<SignIn, 'providers'> } },
  folder: string = builtFolder,
): void {
  for (const page of portalPages) {
    app.get(page, async (request, reply) => {
      if (request.principal === nobody)
        return sendPage(reply, 401, (asked) => loginPage(asked, control.signIn.providers()))
      return sendApplication(reply, 200, folder)
    })
  }

  app.get('/theme.js', async (_request, reply) =>
    reply
      .headers({ 'cache-control': 'no-cache' })
      .type('text/javascript')
      .send(await readBuilt(folder, 'theme.js')),
  )

  app.get('/assets/:name', async (request, reply) => {
    const { name } = request.params as { readonly name: string }
    return sendAsset(request, reply, join(folder, 'assets'), name)
  })
}

/** What a browser shows at an address where nothing is: the application, which says so and shows the way on. */
export async function sendApplication(
  reply: FastifyReply,
  status: number,
  folder = builtFolder,
): Promise<FastifyReply> {
  const text = (await readBuilt(folder, 'index.html')).toString()
  const nonce = randomBytes(16).toString('base64')
  return reply
    .code(status)
    .headers({ ...pageHeaders, 'content-security-policy': policyOf(nonce) })
    .type('text/html; charset=utf-8')
    .send(text.replace('__NONCE__', nonce))
}

async function readBuilt(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new MillpondError(
      'portal-not-built',
      'The portal is not built. Run `npm run build:web`, then reload this page.',
    )
  }
}

/** By the names that lie there, so that no address leads anywhere else. */
async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
  name: string,
): Promise<FastifyReply> {
  const names = new Set(await readdir(folder).catch(() => []))
  const type = contentTypes[extname(name)]
  if (type === undefined || !names.has(name)) throw new MillpondError('not-found', 'There is no such asset.')
  const accepted = (request.headers['accept-encoding'] ?? '').split(',').map((part) => part.trim().split(';')[0])
  const encoding = encodings.find(({ name: wanted, ending }) => accepted.includes(wanted) && names.has(name + ending))
  if (encoding !== undefined) void reply.header('content-encoding', encoding.name)
  return reply
    .headers({
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    })
    .type(type)
    .send(createReadStream(join(folder, name + (encoding?.ending ?? ''))))
}

/** The editor makes style sheets while the page runs, which need the nonce; places of rows in a virtual list are style attributes. */
function policyOf(nonce: string): string {
  const policy = {
    'default-src': `'none'`,
    'script-src': `'self'`,
    'style-src': `'self' 'nonce-${nonce}'`,
    'style-src-attr': `'unsafe-inline'`,
    'connect-src': `'self'`,
    // The editor underlines what is wrong with an image in its own style sheet.
    'img-src': `'self' data:`,
    'font-src': `'self'`,
    'frame-ancestors': `'none'`,
    'base-uri': `'none'`,
    'form-action': `'self'`,
  }
  return Object.entries(policy)
    .map((part) => part.join(' '))
    .join('; ')
}
