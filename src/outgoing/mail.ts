// Mails, through a server of theirs who run this Millpond. Every mail has an id that is the same on every try, so that a mail program
// shows it once.
import { createTransport } from 'nodemailer'

import { messageOf } from '../core/errors.ts'

export interface Mail {
  /** The same on every try. */
  readonly id: string
  readonly from: string
  /** With commas. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly attachments?: readonly {
    readonly filename: string
    readonly contentType: string
    readonly content: string
  }[]
}

const timeoutMs = 15_000

/** Resolves when the server has taken it. `smtpUrl`: smtp://user:password@host:587. Error: an Error that says why not, without the address. */
export async function sendMail(smtpUrl: string, mail: Mail): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const isSecure = protocol === 'smtps:'
  const transport = createTransport({
    host: hostname,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Whoever wrote a name or a title must not read files of this machine by it.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const { id, from, to, subject, text, html, attachments = [] } = mail
  try {
    await transport.sendMail({
      from,
      to,
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      attachments: attachments.map((one) => ({ ...one })),
      messageId: `<${id.replaceAll(/[^\w.-]/g, '')}@millpond>`,
      headers: { 'auto-submitted': 'auto-generated' },
    })
  } catch (error) {
    // The address of the server stands in no message: it holds a password.
    throw new Error(messageOf(error).replaceAll(smtpUrl, '(smtpUrl)'), { cause: error })
  } finally {
    transport.close()
  }
}
