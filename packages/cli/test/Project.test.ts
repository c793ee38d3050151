import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import * as Project from "../src/Project.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-project-")))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, content = ""): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const pipeline = 'export default Pipeline.make("p", {}, () => ({}))'

describe("Project", () => {
  it("is the folder of the nearest package.json", () => {
    write("package.json", "{}")
    write("inner/package.json", "{}")
    write("inner/deep/x.ts")
    expect(Project.root(join(folder, "inner/deep"))).toBe(join(folder, "inner"))
    expect(Project.root(folder)).toBe(folder)
  })

  it("finds the only pipeline", () => {
    write("package.json", "{}")
    const file = write("pipelines/reviews.ts", pipeline)
    write("pipelines/reviews.test.ts", pipeline)
    write("pipelines/helper.ts", "export const x = 1")
    expect(Project.locate(undefined, folder)).toEqual({ file })
  })

  it("lists several pipelines instead of choosing one", () => {
    write("package.json", "{}")
    write("pipelines/b.ts", pipeline)
    write("pipelines/a.ts", pipeline)
    expect(Project.locate(undefined, folder)).toEqual({
      problem: [
        "No pipeline was named, and there are several here:",
        "  pipelines/a.ts",
        "  pipelines/b.ts",
        "Name one: sluice run pipelines/a.ts",
      ].join("\n"),
    })
  })

  it("prefers the pipeline that was run last, from any folder of the project", () => {
    write("package.json", "{}")
    write("pipelines/a.ts", pipeline)
    const file = write("pipelines/b.ts", pipeline)
    mkdirSync(join(folder, "data"))
    Project.remember(join(folder, "data"), file)
    expect(Project.locate(undefined, folder)).toEqual({ file })
    expect(Project.rootOfCommand(undefined, folder)).toBe(folder)
  })

  it("forgets a pipeline that is gone", () => {
    write("package.json", "{}")
    const gone = write("pipelines/gone.ts", pipeline)
    Project.remember(folder, gone)
    rmSync(gone)
    const file = write("pipelines/here.ts", pipeline)
    expect(Project.locate(undefined, folder)).toEqual({ file })
  })

  it("still looks at the runs of a pipeline that is gone, in the project where they are", () => {
    write("package.json", "{}")
    write("pipelines/package.json", "{}")
    const gone = write("pipelines/gone.ts", pipeline)
    Project.remember(folder, gone)
    rmSync(gone)
    expect(Project.rootOfCommand(undefined, folder)).toBe(join(folder, "pipelines"))
    rmSync(join(folder, "pipelines"), { recursive: true })
    expect(Project.rootOfCommand(undefined, folder)).toBe(folder)
  })

  it("suggests the file that was meant", () => {
    write("package.json", "{}")
    write("pipelines/reviews.ts", pipeline)
    expect(Project.locate("pipelines/reviews", folder)).toEqual({
      problem: "There is no file pipelines/reviews.\nDid you mean pipelines/reviews.ts?",
    })
    expect(Project.locate("pipelines/reveiws.ts", folder)).toEqual({
      problem: "There is no file pipelines/reveiws.ts.\nDid you mean pipelines/reviews.ts?",
    })
    expect(Project.locate("train.ts", folder)).toEqual({
      problem: "There is no file train.ts.\nPipelines here:\n  pipelines/reviews.ts",
    })
  })

  it("takes a folder with one pipeline for that pipeline", () => {
    write("package.json", "{}")
    const file = write("pipelines/reviews.ts", pipeline)
    expect(Project.locate("pipelines", folder)).toEqual({ file })
  })
})
