/**
 * Edits on a cached project of five steps: which steps execute again, which do not, and what `why` says first. A part of
 * what `pnpm bench precision` tries; the cache is filled by the command, the edits are looked at under the module hook.
 */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Edit, edits } from "../bench/precision/edits.ts"
import { inOneProcess } from "../bench/precision/inOneProcess.ts"
import { make, sluice, temporary } from "../bench/precision/Project.ts"
import type { Trial } from "../bench/precision/trial.ts"

const chosen = edits.filter((edit) => edit.short)
const right = { missed: [], needless: [], stale: [], unplanned: [], misnamed: [], error: undefined }

describe("after an edit of a cached project", () => {
  const root = temporary()
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  let trials: ReadonlyMap<string, Trial>

  beforeAll(async () => {
    const cached = join(root, "shop")
    make(cached, "plain")
    const filled = await sluice(cached, ["run", "pipeline.ts"])
    if (filled.code !== 0) throw new Error(filled.stdout + filled.stderr)
    const otherwise: Edit = {
      ...edits.find((one) => one.title === "an enum member's value")!,
      title: "expected otherwise",
      runs: ["clean", "score"],
      root: /^nothing of the kind/,
    }
    trials = new Map(inOneProcess([...chosen, otherwise], cached).map((trial) => [trial.title, trial]))
  }, 240_000)

  it.each(chosen.filter((edit) => edit.runs.length > 0).map(({ title, runs }) => [title, runs.join(", ")]))(
    "%s: executes %s, as planned, and says why",
    (title) => expect(trials.get(title)).toEqual({ title, ...right }),
  )

  it.each(chosen.filter((edit) => edit.runs.length === 0).map(({ title }) => title))(
    "%s: executes nothing",
    (title) => expect(trials.get(title)).toEqual({ title, ...right }),
  )

  it("is found wanting where it does otherwise: the suite is no rubber stamp", () => {
    expect(trials.get("expected otherwise")).toMatchObject({ missed: ["clean"], needless: ["summarise"] })
    expect(trials.get("expected otherwise")!.misnamed.length).toBeGreaterThan(0)
  })
})
