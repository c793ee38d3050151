import { describe, expect, it } from "vitest"
import * as EncodePool from "../src/EncodePool.ts"
import { reviews } from "./support/smollm2.ts"
import { chatml, tokenizer } from "./support/trl.ts"

const options = { supervise: "assistant", maxTokens: 40, overLength: "cutLeft" } as const

/** Chats of all lengths: some cut, some weighted, some of which nothing can be learnt; and texts. */
const examples: ReadonlyArray<EncodePool.Example> = reviews()
  .slice(0, 600)
  .map((review, n) => {
    if (n % 50 === 49) return { text: review.text }
    const answer = { role: "assistant", content: `class ${review.class}` }
    const weighted = { ...answer, weights: [{ start: 0, end: 5, weight: 0.25 }] }
    return {
      turns: [
        { role: "user", content: review.text },
        ...(n % 40 === 7 ? [] : [n % 3 === 0 ? weighted : answer]),
      ],
    }
  })

const encodeAll = async (threads: number, batch: number) => {
  const pool = EncodePool.make(tokenizer, chatml(), options, threads)
  try {
    const answers = []
    for (let at = 0; at < examples.length; at += batch)
      answers.push(pool.encode(examples.slice(at, at + batch)))
    return (await Promise.all(answers)).flat().map((one) =>
      "refused" in one || one.row === null
        ? one
        : {
            ...one,
            row: {
              ids: [...one.row.ids],
              labels: [...one.row.labels],
              weights: one.row.weights === null ? null : [...one.row.weights],
            },
          },
    )
  } finally {
    await pool.close()
  }
}

describe("several threads", () => {
  it("give the rows of one thread, in their order, with the same accounts and refusals", async () => {
    const alone = await encodeAll(1, 600)
    const together = await encodeAll(3, 17)
    expect(together).toEqual(alone)
    const kinds = alone.map((one) => ("refused" in one ? "refused" : one.account.status))
    expect(kinds.filter((kind) => kind === "refused")).toHaveLength(15)
    expect(kinds.filter((kind) => kind === "cut").length).toBeGreaterThan(5)
    expect(alone.some((one) => "row" in one && one.row?.weights?.includes(0.25))).toBe(true)
  })

  it("fail with what failed in one of them", async () => {
    const pool = EncodePool.make(tokenizer, chatml(), options, 2)
    const odd = [{ turns: [{ role: "assistant", content: "a", weights: 3 as never }] }]
    await expect(pool.encode(odd)).rejects.toThrow(/weights/)
    expect(await pool.encode(examples.slice(0, 1))).toHaveLength(1)
    await pool.close()
    await expect(pool.encode(examples.slice(0, 1))).rejects.toThrow("A tokenizing thread ended")
  })
})
