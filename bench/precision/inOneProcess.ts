/** Every edit on its own copy, all of them looked at by one process. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Edit } from "./Edit.ts"
import type { Work } from "./inProcess.ts"
import { at, copy, withoutVariables } from "./Project.ts"
import { asked, judge, type Observed, type Trial } from "./trial.ts"

const repository = path.resolve(import.meta.dirname, "../..")

/** The copies are made beside `cached`, so none of them stands where the cache was filled. */
export const inOneProcess = (edits: ReadonlyArray<Edit>, cached: string): ReadonlyArray<Trial> => {
  const alone = edits.filter((edit) => !edit.global)
  const work = alone.map((edit, index): Work => {
    const folder = path.join(path.dirname(cached), `edit-${index}`)
    copy(cached, folder)
    edit.apply(at(folder))
    return { folder, env: edit.env ?? {}, args: edit.args ?? [], asked: asked(edit) }
  })
  const list = path.join(path.dirname(cached), "work.json")
  const answer = path.join(path.dirname(cached), "answer.json")
  fs.writeFileSync(list, JSON.stringify(work))
  execFileSync(
    process.execPath,
    [
      "--import",
      path.join(repository, "packages/code/src/register.ts"),
      path.join(import.meta.dirname, "inProcess.ts"),
      list,
      answer,
    ],
    { env: { ...withoutVariables(), NODE_OPTIONS: "" }, stdio: ["ignore", "ignore", "inherit"] },
  )
  const seen = JSON.parse(fs.readFileSync(answer, "utf8")) as ReadonlyArray<Observed>
  return alone.map((edit, index) => judge(edit, seen[index]!))
}
