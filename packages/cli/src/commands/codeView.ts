/**
 * What a step's identity covers, as a tree: functions by file, values that they captured, packages, variables.
 */
import type { CodeReading, Environment } from "@sluice/core"
import * as Text from "../Text.ts"

export interface Covered {
  readonly step: string
  readonly definition: string
  readonly version: string | undefined
  readonly code: Readonly<Record<string, CodeReading.CodeReading>>
  readonly env: Environment.Texts
}

type Entry = readonly [name: string, digest: string]

export const lines = (covered: Covered, paint: Text.Paint): Array<string> => {
  const { step, definition, version, code, env } = covered
  const packages = packagesOf(covered)
  const blocks: Array<readonly [title: string, entries: ReadonlyArray<Entry>]> = []
  for (const [role, reading] of Object.entries(code)) {
    blocks.push([`${role}\t${reading.digest.slice(0, 8)}`, []])
    for (const [file, parts] of byFile(reading))
      blocks.push([`  ${file}`, parts.map(({ symbol, digest }) => [symbol, digest.slice(0, 8)])])
    if (reading.values.length > 0) {
      blocks.push([
        "  values",
        reading.values.map(({ name, file, line, text }) => [`${name} in ${file}:${line}`, text]),
      ])
    }
  }
  if (packages.length > 0) {
    blocks.push([
      "packages",
      packages.map(({ name, version: one, integrity }) => [`${name} ${one}`, integrity.slice(0, 20)]),
    ])
  }
  const variables = Object.entries(env).map(([name, text]): Entry => [name, text ?? "(not set)"])
  if (variables.length > 0) blocks.push(["env", variables])
  const indentOf = (title: string): string => (title.startsWith("  ") ? "    " : "  ")
  const width = Math.max(
    ...blocks.flatMap(([title, entries]) => [
      title.split("\t")[0]!.length,
      ...entries.map(([name]) => indentOf(title).length + Text.width(name)),
    ]),
  )
  const row = (name: string, digest: string | undefined): string =>
    digest === undefined ? name : `${Text.padEnd(name, width + 3)}${paint("dim", digest)}`
  return [
    paint(
      "bold",
      `${step}${definition === step ? "" : ` (${definition})`}${version === undefined ? "" : `, version ${version}`}`,
    ),
    ...blocks.flatMap(([title, entries]) => {
      const [name, digest] = title.split("\t") as [string, string | undefined]
      return [row(name, digest), ...entries.map(([one, text]) => row(indentOf(title) + one, text))]
    }),
  ]
}

/** Files in order of their names; symbols as they lie in the reading. */
const byFile = (
  reading: CodeReading.CodeReading,
): ReadonlyArray<readonly [string, ReadonlyArray<CodeReading.CodeReading["parts"][number]>]> => {
  const files = new Map<string, Array<CodeReading.CodeReading["parts"][number]>>()
  for (const part of reading.parts) files.set(part.file, [...(files.get(part.file) ?? []), part])
  return [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

const packagesOf = ({ code }: Covered): ReadonlyArray<CodeReading.CodeReading["packages"][number]> => {
  const all = Object.values(code).flatMap(({ packages }) => packages)
  const byId = new Map(all.map((one) => [`${one.name}@${one.version}`, one]))
  return [...byId.keys()].toSorted().map((id) => byId.get(id)!)
}

export const toJson = (covered: Covered): Record<string, unknown> => ({
  step: covered.step,
  definition: covered.definition,
  version: covered.version ?? null,
  code: Object.fromEntries(
    Object.entries(covered.code).map(([role, { digest, parts, values, notes }]) => [
      role,
      { digest, parts, values, notes },
    ]),
  ),
  packages: packagesOf(covered),
  env: covered.env,
})
