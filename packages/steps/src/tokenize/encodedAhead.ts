import type { EncodePool } from "@sluice/llm"

/** Examples of one message to a thread. */
const batchRows = 256

/**
 * Each example with what became of it, in their order. While one batch is taken, others are encoded: two for each
 * thread, so that memory stays bounded and no thread waits.
 */
export async function* encodedAhead<Given extends { readonly example: EncodePool.Example }>(
  examples: AsyncIterable<Given>,
  pool: EncodePool.EncodePool,
): AsyncGenerator<readonly [Given, EncodePool.Encoded]> {
  const waiting: Array<Promise<ReadonlyArray<readonly [Given, EncodePool.Encoded]>>> = []
  const send = (batch: ReadonlyArray<Given>): void => {
    const answer = pool
      .encode(batch.map(({ example }) => example))
      .then((encoded) => batch.map((given, i) => [given, encoded[i]!] as const))
    // A failure is seen when its turn comes.
    answer.catch(() => undefined)
    waiting.push(answer)
  }
  let batch: Array<Given> = []
  for await (const given of examples) {
    batch.push(given)
    if (batch.length < batchRows) continue
    send(batch)
    batch = []
    if (waiting.length > 2 * pool.threads) yield* await waiting.shift()!
  }
  if (batch.length > 0) send(batch)
  for (const answer of waiting) yield* await answer
}
