/** Edits of code that is seldom written: seen where they decide, unseen where they do not. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Case, cases } from "./seldom.ts"
import { applyEdits, type Identities, identitiesOf } from "./variants.ts"

const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-seldom-")))
const effect = path.join(import.meta.dirname, "..", "node_modules", "effect")
let found: Record<string, Identities>

const folderOf = (one: Case, which: "before" | "after"): string =>
  path.join(root, which, String(cases.indexOf(one)))

const make = (one: Case, which: "before" | "after"): string => {
  const folder = folderOf(one, which)
  fs.mkdirSync(path.join(folder, "node_modules"), { recursive: true })
  applyEdits(
    folder,
    Object.entries({ "package.json": '{ "name": "project", "type": "module" }', ...one.files }),
  )
  fs.symlinkSync(effect, path.join(folder, "node_modules", "effect"))
  if (which === "after") applyEdits(folder, one.edits)
  return folder
}

beforeAll(() => {
  found = identitiesOf(cases.flatMap((one) => [make(one, "before"), make(one, "after")]))
})
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

const stepOf = (one: Case, which: "before" | "after") => found[folderOf(one, which)]!["step"]!

describe("an edit of code that is seldom written", () => {
  it.each(cases.filter((one) => one.seen && one.reads === undefined))("is seen: $title", (one) => {
    expect(stepOf(one, "before").refusals).toEqual([])
    expect(stepOf(one, "after").print).not.toBe(stepOf(one, "before").print)
  })

  it.each(cases.filter((one) => !one.seen))("is not seen: $title", (one) => {
    expect(stepOf(one, "before").refusals).toEqual([])
    expect(stepOf(one, "after").print).toBe(stepOf(one, "before").print)
  })
})

describe("what a step reads of its environment is found", () => {
  it.each(cases.filter((one) => one.reads !== undefined))("$title", (one) => {
    expect(stepOf(one, "before").env).toEqual([one.reads])
    expect(stepOf(one, "before").refusals).toEqual([])
  })
})
