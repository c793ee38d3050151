/**
 * A report's forms as files of a folder, each there wholly or not at all.
 */
import { Facts, Junit, LmEval, Markdown, Page, Promptfoo, Report } from "@sluice/steps/report"
import * as Schema from "effect/Schema"
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { pageFile, verdictFile } from "./folder.ts"
import type { Gathered } from "./gather.ts"

export const formats = ["html", "md", "json", "junit", "lm-eval", "promptfoo"] as const
export type Format = (typeof formats)[number]

/** What a run leaves without being asked. */
export const usual: ReadonlyArray<Format> = ["html", "md", "json"]

/** Names and contents, by format. */
const filesOf = (
  format: Format,
  { facts, report }: Gathered,
  checks: ReadonlyArray<Junit.Checked>,
): Readonly<Record<string, string>> => {
  switch (format) {
    case "html":
      return { [pageFile]: Page.render(report, facts) }
    case "md":
      return { "report.md": Markdown.render(report, facts) }
    case "json":
      return { "report.json": `${JSON.stringify(encode({ ...report, run: facts }), undefined, 1)}\n` }
    case "junit":
      return { "junit.xml": Junit.render(report, facts, checks) }
    case "lm-eval":
      return Object.fromEntries(
        Object.entries(LmEval.render(report, facts)).map(([name, content]) => [`lm-eval/${name}`, content]),
      )
    case "promptfoo":
      return { "promptfoo.json": Promptfoo.render(report, facts) }
  }
}

/** `report.json` of a run: the step's own, and under `run` what the run knows. */
const encode = Schema.encodeSync(Schema.Struct({ ...Report.Report.fields, run: Facts.Facts }))

/** Writes the forms asked for; returns the paths, page first. */
export const write = (
  folder: string,
  gathered: Gathered,
  wanted: ReadonlyArray<Format>,
  checks: ReadonlyArray<Junit.Checked> = [],
): ReadonlyArray<string> => {
  const paths: Array<string> = []
  for (const format of formats) {
    if (!wanted.includes(format)) continue
    for (const [name, content] of Object.entries(filesOf(format, gathered, checks)))
      paths.push(place(folder, name, content))
  }
  paths.push(place(folder, verdictFile, `${gathered.report.verdict}\n`))
  return paths
}

const place = (folder: string, name: string, content: string): string => {
  const path = join(folder, name)
  const beside = `${path}.${process.pid}.tmp`
  mkdirSync(dirname(path), { recursive: true })
  try {
    writeFileSync(beside, content)
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  return path
}
