/** Copies of the fixture project, each with one edit, and the identities of their steps. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { CodeIdentity } from "../src/Identity.ts"

const here = path.dirname(fileURLToPath(import.meta.url))
const fixture = path.join(here, "fixtures", "project")

export interface StepIdentity extends Omit<CodeIdentity, "values"> {
  readonly print: string
  readonly values: ReadonlyArray<string>
}

export type Identities = Record<string, StepIdentity>

/** `[file, from, to]`: the first occurrence of `from`, which must be there. `[file, text]`: the whole file; null removes it. */
export type Edit =
  | readonly [file: string, from: string, to: string]
  | readonly [file: string, text: string | null]

/** A copy of the project, at `place` or in a folder of its own. */
export const copyProject = (place?: string): string => {
  const folder = place ?? fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-code-")))
  fs.cpSync(fixture, folder, { recursive: true })
  fs.renameSync(path.join(folder, "modules"), path.join(folder, "node_modules"))
  fs.symlinkSync("../local", path.join(folder, "node_modules", "local"))
  return folder
}

export const applyEdits = (folder: string, edits: ReadonlyArray<Edit>): void => {
  for (const edit of edits) {
    const file = path.join(folder, edit[0])
    if (edit.length === 3) {
      const text = fs.readFileSync(file, "utf8")
      if (!text.includes(edit[1])) throw new Error(`${edit[0]} has no ${JSON.stringify(edit[1])}`)
      fs.writeFileSync(
        file,
        text.replace(edit[1], () => edit[2]),
      )
    } else if (edit[1] === null) fs.rmSync(file, { recursive: true })
    else {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, edit[1])
    }
  }
}

/** Loads every folder's pipeline under the module hook, in one process, and asks for its identities. */
export const identitiesOf = (
  folders: ReadonlyArray<string>,
  command: ReadonlyArray<string> = [process.execPath],
): Record<string, Identities> => {
  const hook = path.join(here, "..", "src", "register.ts")
  const script = path.join(here, "fixtures", "identities.ts")
  const [program, ...first] = command as [string, ...Array<string>]
  const output = execFileSync(program, [...first, "--import", hook, script, ...folders], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, NODE_OPTIONS: "" },
  })
  const answers = JSON.parse(output) as Record<string, Identities | { readonly error: string }>
  for (const [folder, answer] of Object.entries(answers)) {
    if (typeof answer.error === "string") throw new Error(`${folder}: ${answer.error}`)
  }
  return answers as Record<string, Identities>
}
