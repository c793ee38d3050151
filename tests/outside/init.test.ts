/** `sluice init` where it has nothing to install: what it writes, and what it refuses. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import * as Sandbox from "../cli/Sandbox.ts"

describe("sluice init", () => {
  let place: Sandbox.Sandbox
  beforeEach(() => {
    place = Sandbox.make()
  })
  afterEach(() => place.remove())

  it("writes a project into a folder that it makes, named after it, and says how to go on", async () => {
    const { code, stdout } = await place.sluice("init", "lab/My Recipes")
    expect(code).toBe(0)
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "Wrote 13 files to lab/My Recipes. Next:",
      "  cd 'lab/My Recipes'",
    ])
    expect(stdout).toContain("\nUntil Sluice's packages are published, npm finds them only as tarballs: ")
    const manifest = JSON.parse(readFileSync(join(place.root, "lab/My Recipes/package.json"), "utf8"))
    expect(manifest.name).toBe("my-recipes")
  })

  it("names every file that it would overwrite, and writes none", async () => {
    place.write("mine/train.ts", "mine\n")
    place.write("mine/.gitignore", "mine\n")
    place.write("mine/notes.md", "mine\n")
    const { code, stderr } = await place.sluice("init", "mine")
    expect(stderr).toBe(
      "mine holds files that a new project would overwrite.\n" +
        "  Files:  .gitignore, train.ts\n" +
        "Name a new folder, or move these away. Nothing was written.\n",
    )
    expect(code).toBe(2)
    expect(readdirSync(join(place.root, "mine")).toSorted()).toEqual([".gitignore", "notes.md", "train.ts"])
  })

  it("names the tarballs that are missing, and those of which there are several", async () => {
    for (const name of ["cli", "code", "core", "llm", "steps"]) place.write(`t/sluice-${name}-0.1.0.tgz`, "")
    place.write("t/sluice-core-0.2.0.tgz", "")
    const { code, stderr } = await place.sluice("init", "mine", "--from", "t")
    expect(stderr).toBe(
      "t does not hold one tarball of each package of Sluice.\n" +
        "  Missing:  sluice-tensorflow-VERSION.tgz\n" +
        "  Several:  sluice-core-0.1.0.tgz, sluice-core-0.2.0.tgz\n" +
        "pnpm tarballs, in a checkout of Sluice, writes them to dist/tarballs.\n",
    )
    expect(code).toBe(2)
    expect(readdirSync(place.root)).not.toContain("mine")
  })
})
