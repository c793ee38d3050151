/** What is found beside the code: variables read, notes, and refusals by their places. */
import { lookThrough } from "./Host.ts"
import type { Note, Refusal } from "./Identity.ts"
import type { Module } from "./Module.ts"
import type { Project, Target } from "./Project.ts"

export class Findings {
  readonly env = new Set<string>()
  readonly notes: Array<Note> = []
  readonly refusals: Array<Refusal> = []
  readonly #project: Project

  constructor(project: Project) {
    this.#project = project
  }

  /** What cannot be identified, at its place. */
  refuse(module: Module, offset: number, what: string, fix: string): void {
    const { file, line, column } = this.#project.place(module, offset)
    if (
      this.refusals.some((r) => r.file === file && r.line === line && r.column === column && r.what === what)
    )
      return
    this.refusals.push({ file, line, column, what, fix })
  }

  note(module: Module, note: { readonly what: string; readonly offset: number }): void {
    if (isMarked(module.text, note)) return
    const { file, line } = this.#project.place(module, note.offset)
    if (!this.notes.some((n) => n.file === file && n.line === line && n.what === note.what)) {
      this.notes.push({ file, line, what: note.what })
    }
  }

  /** What the surroundings give through a module of the project, or by `import()`: the text alone does not show it. */
  lookThrough(target: Target, module: Module, offset: number): void {
    if (
      target.kind === "package" &&
      /^effect(?:\/Config)?:(?:.*\.)?Config\b|^effect\/Config:/.test(target.path)
    ) {
      const fix = 'import it from "effect" where it is called: `Config.String("NAME")`'
      this.refuse(module, offset, "reads `Config` through another module", fix)
    }
    if (target.kind !== "host") return
    const colon = target.name.indexOf(":")
    const names = target.name.slice(colon + 1).split(".")
    const seen = lookThrough([target.name.slice(0, colon), ...names.filter((name) => name !== "")])
    if (seen.env !== undefined) this.env.add(seen.env)
    if (seen.note !== undefined) this.note(module, { what: seen.note, offset })
    if (seen.problem !== undefined)
      this.refuse(module, offset, seen.problem, "import it where it is used, and read what is needed by name")
  }
}

/**
 * Whether a note is marked as one that no result follows from: `// sluice: not in the result` at the end of its
 * line, or alone on the line above. Locale and time zone cannot be marked away: they decide what enters a key, and a comment must not.
 */
const isMarked = (text: string, note: { readonly what: string; readonly offset: number }): boolean => {
  if (/locale|time zone/.test(note.what)) return false
  const start = text.lastIndexOf("\n", note.offset - 1) + 1
  const above = text.lastIndexOf("\n", start - 2) + 1
  const end = text.indexOf("\n", note.offset)
  const mark = /(^|\s)\/[/*]\s*sluice: not in the result\b/
  return (
    mark.test(text.slice(start, end < 0 ? text.length : end)) ||
    (/^\s*\/[/*]/.exec(text.slice(above, start)) !== null && mark.test(text.slice(above, start)))
  )
}
