import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import { counted, thousands } from "../counted.ts"
import type { Finding } from "./Finding.ts"

/** Data with faults that training must not begin with. Lists every finding, so that all can be mended at once. */
export class DataRefused extends Data.TaggedError("DataRefused")<{
  readonly rows: number
  readonly findings: ReadonlyArray<Finding>
}> {
  override get message(): string {
    const refusals = this.findings.filter(({ severity }) => severity === "refuse")
    const names = [...new Set(refusals.map(({ check }) => `"${check}"`))].join(", ")
    return Errors.structured(
      `The data doctor refuses these ${counted(this.rows, "row")}: ${counted(refusals.length, "refusal")}, ${counted(this.findings.filter(({ severity }) => severity === "warn").length, "warning")}.`,
      this.findings.map((finding): [string, string] => [
        `${finding.severity} ${finding.check}`,
        `${said(finding)}\n${finding.excerpt}\nFix: ${finding.fix}`,
      ]),
      `Mend the data, or go on regardless with allow: [${names}].`,
    )
  }
}

/** `Answers are empty … 3 rows: a, b, c`. */
export const said = ({ count, problem, rows }: Finding): string => {
  if (rows.length === 0) return problem
  const more = count > rows.length ? ` and ${thousands(count - rows.length)} more` : ""
  return `${problem} ${counted(count, "row")}: ${rows.map(short).join(", ")}${more}.`
}

/** Ids are digests, of which the first characters are enough to tell rows apart. */
const short = (id: string): string => (id.length > 16 ? `${id.slice(0, 12)}…` : id)
