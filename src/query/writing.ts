// The turn to write, which one session has at a time. Whoever waits for it holds nothing that those before it may need: a place for
// computing is taken behind it, and the writer itself needs no place to run.
import type { SessionPlace } from './query.ts'

/** In the transaction that is open, or in one of its own. Errors: the work's, those of begin and commit. */
export async function inWriting<Result>(
  { session, isInTransaction }: Pick<SessionPlace, 'session' | 'isInTransaction'>,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  if (isInTransaction) return work()
  await session.begin('read-write', signal)
  try {
    const result = await work()
    await session.commit()
    return result
  } catch (error) {
    await session.rollback()
    throw error
  }
}
