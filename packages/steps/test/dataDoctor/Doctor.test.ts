import { Table } from "@sluice/core"
import { ModelFiles as Opened } from "@sluice/llm"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Chat, stored } from "../../src/Chat.ts"
import * as Doctor from "../../src/Doctor.ts"
import { ModelFiles } from "../../src/kinds.ts"
import * as Tokenize from "../../src/Tokenize.ts"
import { Tokens } from "../../src/Tokens.ts"
import { filesReader } from "../support/files.ts"
import { reader, ref, runStep } from "../support/runStep.ts"
import { writeTinyModel } from "../support/tinyModel.ts"
import { cleanChats } from "./subject.ts"

let folder: string
let model: ReturnType<typeof filesReader>
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-doctor-"))
  writeTinyModel(folder)
  model = filesReader(Opened.filesOf(folder))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const modelRef = { ...ref(Chat), kind: ModelFiles } as never

const run = async (
  texts: ReadonlyArray<string>,
  more: Partial<Doctor.DataOptions> = {},
  heldOut?: ReadonlyArray<string>,
) => {
  const rows = (side: string, contents: ReadonlyArray<string>) =>
    contents.map((content, at) =>
      stored(`${side}${at}`, [
        { role: "user", content },
        { role: "assistant", content: at % 2 === 0 ? "good" : "bad" },
      ]),
    )
  const chats = reader(rows("row", texts))
  const { outputs } = await runStep(Tokenize.chat({ chats: ref(Chat), model: modelRef }), { chats, model })
  return runStep(
    Doctor.data({
      chats: ref(Chat),
      tokens: ref(Tokens),
      model: modelRef,
      ...(heldOut === undefined ? {} : { heldOut: ref(Chat) }),
      ...more,
    }),
    {
      chats,
      tokens: reader(outputs["tokens"]),
      model,
      ...(heldOut === undefined ? {} : { heldOut: reader(rows("held", heldOut)) }),
    },
  )
}

const texts = (count: number) => cleanChats(count).map(({ messages }) => messages[1]!.content)

describe("Doctor.data", () => {
  it("writes its findings and the size, and says both in a line", async () => {
    const ran = await run(texts(30))
    expect(ran.outputs["findings"]).toMatchObject([
      { check: "fewRows", severity: "warn", count: 30, rows: [] },
    ])
    // 2 layers: q, k, v, o of 32 x 32, 32 x 16, 32 x 16, 32 x 32 and three of 32 x 64, each rank · (in + out).
    const trainableParameters = 2 * 16 * (64 + 48 + 48 + 64 + 3 * 96)
    expect(ran.outputs["size"]).toMatchObject([
      { rows: 30, effectiveRows: 30, supervisedTokens: 15 * 5 + 15 * 4 },
    ])
    expect(ran.outputs["size"][0].trainableParameters).toBe(BigInt(trainableParameters))
    expect(ran.summary).toBe(
      "30 rows, 30 distinct, 135 supervised tokens (0.0082 per parameter); 1 warning: fewRows 30",
    )
    // The tokens themselves go on, as they are stored.
    expect(Table.isReader(ran.outputs["tokens"])).toBe(true)
    expect(ran.warnings).toHaveLength(1)
    expect(ran.warnings[0]).toMatch(/^fewRows: There are fewer than 200 distinct rows/)
  })

  it("fails with all findings at once, and with the rows and the fix of each", async () => {
    const faulty = [...texts(30), "password = h7Kq2zPw9x", "The cafÃ© of my old friend was open"]
    const failed = await run(faulty, {}, [faulty[4]!]).catch((error: Error) => error.message)
    expect(failed).toMatch(/^The data doctor refuses these 32 rows: 2 refusals, 2 warnings\.\n/)
    expect(failed).toMatch(/refuse splitDuplicates: +Held-out prompts .* 1 row: held0\.\n/)
    expect(failed).toMatch(
      /refuse secrets: +Text holds .* 1 row: row30\.\n +password = h7Kq\*{8}[0-9a-f]{4}\n +Fix: Take it out/,
    )
    expect(failed).toMatch(/warn mojibake: .* 1 row: row31\.\n/)
    expect(failed).toMatch(/go on regardless with allow: \["splitDuplicates", "secrets"\]\.$/)
  })

  it("says how few rows are allowed once, at the end", async () => {
    const failed = await run(texts(10)).then(
      () => "no failure",
      (error: Error) => error.message,
    )
    expect(failed).toMatch(/Fix: Collect more rows, .*; a lower minimumRows takes so few\.\n/)
    expect(failed.match(/"fewRows"/g)).toHaveLength(1)
  })

  it("goes on with what is allowed by name, and says so still", async () => {
    const faulty = [...texts(30), "password = h7Kq2zPw9x"]
    const { outputs } = await run(faulty, { allow: ["secrets", "fewRows"] })
    expect(
      outputs["findings"].map(
        ({ check, severity }: { check: string; severity: string }) => `${severity} ${check}`,
      ),
    ).toEqual(["warn secrets", "note fewRows"])
    await expect(run(texts(5), { allow: ["secrets"] })).rejects.toThrow(/fewer than 20 distinct rows/)
    expect((await run(texts(5), { minimumRows: 5 })).outputs["findings"]).toHaveLength(1)
  })
})
