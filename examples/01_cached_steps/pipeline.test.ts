import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../support/project.ts"

describe("01: cached steps", () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)
  const run = async (...args: ReadonlyArray<string>) =>
    (await project.sluice("run", "pipeline.ts", ...args)).lines

  it("runs both steps once, and neither again while nothing changes", async () => {
    expect(await run()).toEqual([
      "count  run  count: has not run before",
      "count  done  KEY  21 different words in 2 texts",
      "top  run  top: has not run before",
      "top  done  KEY  the 6, it 2, sea 2",
      "2 steps: 0 hit, 2 run",
    ])
    expect(await run()).toEqual([
      "count  hit  KEY  21 different words in 2 texts",
      "top  hit  KEY  the 6, it 2, sea 2",
      "2 steps: 2 hit, 0 run",
    ])
  })

  it("runs only the step that a param reaches", async () => {
    expect(await run("--set", "most=1")).toEqual([
      "count  hit  KEY  21 different words in 2 texts",
      "top  run  most: 3 -> 1",
      "top  done  KEY  the 6",
      "2 steps: 1 hit, 1 run",
    ])
  })

  it("stops where a change makes no difference", async () => {
    writeFileSync(
      join(project.folder, "texts/river.txt"),
      "The river runs to the sea, AND the sea is never full.\n",
    )
    expect(await run()).toEqual([
      "count  run  count: texts/river.txt changed",
      "count  done  KEY  21 different words in 2 texts",
      "top  hit  KEY  the 6, it 2, sea 2",
      "2 steps: 1 hit, 1 run",
    ])
  })

  it("notices a change of the code in another file, and none of its comments", async () => {
    const place = join(project.folder, "words.ts")
    appendFileSync(place, "// Only letters count.\n")
    expect((await run()).at(-1)).toBe("2 steps: 2 hit, 0 run")
    writeFileSync(place, readFileSync(place, "utf8").replace(String.raw`\p{L}+`, String.raw`\p{L}{3,}`))
    expect(await run()).toEqual([
      "count  run  wordsOf() in words.ts changed",
      "count  done  KEY  16 different words in 2 texts",
      "top  run  wordsOf() in words.ts changed",
      "top  done  KEY  the 6, sea 2, and 1",
      "2 steps: 0 hit, 2 run",
    ])
  })
})
