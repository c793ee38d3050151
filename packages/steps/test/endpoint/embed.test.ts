import { describe, expect, it } from "vitest"
import * as Retrieve from "../../src/Retrieve.ts"
import { memoryIn } from "../support/memory.ts"
import { reader, ref, runStep } from "../support/runStep.ts"
import { serve } from "../support/server.ts"

const chunk = (id: string, text: string) => ({
  id,
  document: "d",
  heading: "",
  section: 1,
  start: 0,
  end: text.length,
  text,
})

describe("Retrieve.embed", () => {
  it("asks for each text once, in batches, and puts vectors in the order of their chunks", async () => {
    const { asked, url } = await serve(({ body }) => [
      200,
      {
        // Servers may answer in any order.
        data: body.input
          .map((text: string, index: number) => ({ index, embedding: [text.length, 0.1] }))
          .toReversed(),
      },
    ])
    const embedder = { url, model: "m", chunkPrefix: "passage: " }
    const use = Retrieve.embed({ chunks: ref(Retrieve.Chunks), embedder })
    const kept = new Map<string, string>()
    const chunks = Array.from({ length: 40 }, (_, at) => chunk(`c${at}`, "x".repeat(at % 35)))
    const { outputs, summary } = await runStep(use, { chunks: reader(chunks) }, { memory: memoryIn(kept) })
    expect(asked.map(({ body }) => body.input.length).toSorted((a: number, b: number) => a - b)).toEqual([
      3, 32,
    ])
    expect(outputs["output"][37]).toEqual({ id: "c37", vector: [9 + 2, Math.fround(0.1)] })
    expect(summary).toBe("40 vectors of 2 numbers")
    const more = [chunk("new", "another"), ...chunks]
    const again = await runStep(use, { chunks: reader(more) }, { memory: memoryIn(kept) })
    expect(asked.slice(2).map(({ body }) => body.input)).toEqual([["passage: another"]])
    expect(again.outputs["output"].slice(1)).toEqual(outputs["output"])
  })

  it("refuses a reply with too few vectors", async () => {
    const { url } = await serve(() => [200, { data: [] }])
    const use = Retrieve.embed({ chunks: ref(Retrieve.Chunks), embedder: { url, model: "m" } })
    await expect(runStep(use, { chunks: reader([chunk("a", "b")]) })).rejects.toThrow(
      "a reply of another form",
    )
  })
})
