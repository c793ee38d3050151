/**
 * Edits on cached projects: which steps execute again, which do not, and what `why` says first. A part of what
 * `pnpm bench precision` tries; the caches are filled by the command, the edits are looked at under the module hook.
 */
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { corners } from "../bench/precision/corners.ts"
import type { Edit } from "../bench/precision/Edit.ts"
import { edits } from "../bench/precision/edits.ts"
import { inOneProcess } from "../bench/precision/inOneProcess.ts"
import { make, type ProjectName, sluice, temporary } from "../bench/precision/Project.ts"
import type { Trial } from "../bench/precision/trial.ts"

const chosen = [...edits, ...corners].filter((edit) => edit.short)
const right = { missed: [], needless: [], stale: [], unplanned: [], misnamed: [], error: undefined }

describe("after an edit of a cached project", () => {
  const root = temporary()
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  let trials: ReadonlyMap<string, Trial>

  const tried = async (
    project: ProjectName,
    more: ReadonlyArray<Edit> = [],
  ): Promise<ReadonlyArray<Trial>> => {
    const cached = join(root, project, "cached")
    mkdirSync(join(root, project))
    make(cached, "plain", project)
    const filled = await sluice(cached, ["run", "pipeline.ts"])
    if (filled.code !== 0) throw new Error(filled.stdout + filled.stderr)
    return inOneProcess([...chosen.filter((edit) => edit.project === project), ...more], cached)
  }

  beforeAll(async () => {
    const otherwise: Edit = {
      ...edits.find((one) => one.title === "an enum member's value")!,
      title: "expected otherwise",
      runs: ["clean", "score"],
      root: /^nothing of the kind/,
    }
    const all = [...(await tried("shop", [otherwise])), ...(await tried("corners"))]
    trials = new Map(all.map((trial) => [trial.title, trial]))
  }, 240_000)

  it.each(chosen.filter((edit) => edit.runs.length > 0).map(({ title, runs }) => [title, runs.join(", ")]))(
    "%s: executes %s, as planned, and says why",
    (title) => expect(trials.get(title)).toEqual({ title, ...right }),
  )

  it.each(
    chosen.filter((edit) => edit.runs.length === 0 && edit.refused === undefined).map(({ title }) => title),
  )("%s: executes nothing", (title) => expect(trials.get(title)).toEqual({ title, ...right }))

  it.each(chosen.filter((edit) => edit.refused !== undefined).map(({ title }) => title))(
    "%s: is refused at its place",
    (title) => expect(trials.get(title)).toEqual({ title, ...right }),
  )

  it("is found wanting where it does otherwise: the suite is no rubber stamp", () => {
    expect(trials.get("expected otherwise")).toMatchObject({ missed: ["clean"], needless: ["summarise"] })
    expect(trials.get("expected otherwise")!.misnamed.length).toBeGreaterThan(0)
  })
})
