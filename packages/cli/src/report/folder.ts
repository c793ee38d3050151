import { join } from "node:path"
import * as Project from "../Project.ts"

export const reportsFolder = (root: string): string => join(Project.store(root), "reports")

/** Where a run's reports stand: each comparison in a folder of its own, but for the usual one. */
export const folderOf = (root: string, run: string, comparison: string): string => {
  const folder = join(reportsFolder(root), run)
  return comparison === "evaluate" ? folder : join(folder, ...comparison.split("/"))
}

export const pageFile = "report.html"
/** The sentence alone: what a later run that changes nothing prints again. */
export const verdictFile = "verdict.txt"
