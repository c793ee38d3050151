/**
 * A step with all of its own facts resolved: what its key needs, apart from what its producers write.
 */
import * as Schema from "effect/Schema"
import * as ActionKey from "./ActionKey.ts"
import * as Canonical from "./Canonical.ts"
import type { CodeReading, Reader } from "./CodeReading.ts"
import * as Errors from "./Errors.ts"
import type * as Graph from "./Graph.ts"
import type { Observations } from "./Observations.ts"
import * as Params from "./Params.ts"
import * as Random from "./Random.ts"
import * as SchemaCode from "./SchemaCode.ts"
import type { DigestedFile } from "./SourceDigests.ts"
import type * as Step from "./Step.ts"
import type { ColumnType, NamedColumn } from "./table/columnType.ts"

/** A node with all of its own facts resolved; what is missing for a key are its producers' outputs. */
export interface Prepared {
  readonly shared: string
  readonly seed: string
  readonly config: { readonly [name: string]: unknown }
  readonly configTexts: { readonly [name: string]: string }
  readonly files: { readonly [input: string]: ReadonlyArray<DigestedFile> }
  /** `run`, `config.<field>`, and what `Definition` names. */
  readonly code: Readonly<Record<string, CodeReading>>
  readonly env: ReadonlyArray<string>
  /** Functions whose code is unknown; the step runs uncached when there are any. */
  readonly untagged: ReadonlyArray<string>
}

interface Definition {
  /** `run`, `finish` where the step has one, and the schemas of values that compute something. */
  readonly code: Readonly<Record<string, CodeReading>> & { readonly run: CodeReading }
  readonly shared: string
  readonly outputs: Step.Outputs
  readonly columns: Columns
  readonly env: ReadonlyArray<string>
}

/** Prepares the selected nodes. Throws CodeRefused, PipelineError or SourceMissing, each with all of its problems. */
export const make = (
  graph: Graph.Graph,
  selected: ReadonlyArray<number>,
  observed: Observations,
): ReadonlyArray<Prepared | undefined> => {
  const definitions = new Map<Step.Facts, Definition>()
  const refused = new Map<string, Array<CodeReading["refusals"][number]>>()
  const misconfigured: Array<[string, string]> = []
  const prepared = Array.from<Prepared | undefined>({ length: graph.nodes.length })

  for (const at of selected) {
    const node = graph.nodes[at]!
    const { facts } = node
    const found: Array<readonly [role: string, reading: CodeReading]> = []
    const config = configOf(node, misconfigured)
    const configTexts: Record<string, string> = {}
    for (const field in config) {
      if (facts.unkeyed.includes(field)) continue
      try {
        configTexts[field] = observed.code.encode(config[field], (reading) =>
          found.push([`config.${field}`, reading]),
        )
      } catch (error) {
        if (!(error instanceof Errors.CanonicalError)) throw error
        misconfigured.push([
          `${node.name}.${field}${error.path === "" ? "" : `, at ${error.path}`}`,
          `${error.what} has no canonical form`,
        ])
      }
    }

    let definition = definitions.get(facts)
    const columns = columnsRead(graph, node)
    const fits = definition?.outputs === node.outputs && isSame(definition.columns, columns)
    if (definition === undefined || found.length > 0 || !fits) {
      const known = definition?.outputs === node.outputs ? definition.code : undefined
      const code = known ?? readDefinition(facts, node.outputs, observed.code)
      const readings = [...Object.values(code), ...found.map(([, reading]) => reading)]
      const fresh = defineWith(facts, node.outputs, columns, code, readings, observed)
      if (found.length === 0) definitions.set(facts, fresh)
      definition = fresh
    }
    const code: Record<string, CodeReading> = { ...definition.code }
    for (const [role, reading] of found) code[role] = reading
    const untagged: Array<string> = []
    if (facts.version === undefined) {
      for (const role in code) {
        for (const name of code[role]!.untagged)
          untagged.push(/ at /.test(name) ? name : `\`${role.replace(/^config\./, "")}\``)
        if (code[role]!.refusals.length > 0) {
          const list = refused.get(node.name) ?? []
          list.push(...code[role]!.refusals)
          refused.set(node.name, list)
        }
      }
    }
    const files: Record<string, ReadonlyArray<DigestedFile>> = {}
    for (const name in node.inputs) {
      const input = node.inputs[name]!
      if (input.type === "source") files[name] = observed.sources(node.name, input.patterns)
    }
    prepared[at] = {
      shared: definition.shared,
      seed: facts.seed ? Random.derive(graph.seed, node.name) : "",
      config,
      configTexts,
      files,
      code,
      env: definition.env,
      untagged,
    }
  }
  if (misconfigured.length > 0) {
    throw new Errors.PipelineError({
      pipeline: graph.name,
      problem: "configures a step wrongly",
      facts: misconfigured,
      hint: "Correct the value where the step is used, or the param that it comes from.",
    })
  }
  if (refused.size > 0) throw refusalOf(refused)
  return prepared
}

const refusalOf = (
  refused: ReadonlyMap<string, ReadonlyArray<CodeReading["refusals"][number]>>,
): Errors.CodeRefused => {
  const places = new Map<string, { place: string; what: string; fix: string }>()
  for (const list of refused.values()) {
    for (const { file, line, column, what, fix } of list) {
      places.set(`${file}:${line}:${column} ${what}`, { place: `${file}:${line}:${column}`, what, fix })
    }
  }
  return new Errors.CodeRefused({ step: [...refused.keys()].join('", "'), places: [...places.values()] })
}

const defineWith = (
  facts: Step.Facts,
  outputs: Step.Outputs,
  columns: Columns,
  code: Definition["code"],
  readings: ReadonlyArray<CodeReading>,
  observed: Observations,
): Definition => {
  const packages: Record<string, string> = {}
  const names = new Set(facts.env)
  let readsLocale = false
  for (const reading of readings) {
    for (const one of reading.packages) packages[`${one.name}@${one.version}`] = one.integrity
    for (const name of reading.env) names.add(name)
    for (const note of reading.notes) if (/locale|time zone|Intl/i.test(note.what)) readsLocale = true
  }
  const env: Record<string, string | null> = {}
  for (const name of names) {
    const value = observed.env(name)
    env[name] = value === undefined ? null : Canonical.digest("sluice/env", value).slice(0, 32)
  }
  const shared = ActionKey.staticText({
    keyVersion: ActionKey.keyVersion,
    step: facts.name,
    code: codeDigest(code.run),
    version: facts.version ?? "",
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, describe(output)])),
    rowWise: facts.rowWise?.input ?? "",
    finish: code["finish"] === undefined ? undefined : codeDigest(code["finish"]),
    schemas: schemaTexts(facts, outputs, columns, code),
    packages,
    env,
    numeric: facts.numeric ? (observed.numeric ?? {}) : {},
    format: ActionKey.format,
    runtime: readsLocale ? { ...observed.runtime, ...observed.locale } : observed.runtime,
  })
  return { code, shared, outputs, columns, env: [...names].toSorted() }
}

/** The functions of a definition itself, as they are now. */
export const readDefinition = (
  facts: Step.Facts,
  outputs: Step.Outputs,
  reader: Reader,
): Definition["code"] => {
  const finish = facts.rowWise?.finish
  const code: Record<string, CodeReading> & { run: CodeReading } = { run: reader.read(facts.run) }
  if (finish !== undefined) code["finish"] = reader.read(finish)
  for (const { role, kind } of valuesOf(facts, outputs)) {
    if (SchemaCode.describe(kind.schema).computed) code[role] = reader.read(kind)
  }
  return code
}

/** The values that a step reads and writes, each with the role of its schema. */
const valuesOf = (facts: Step.Facts, outputs: Step.Outputs) =>
  (["input", "output"] as const).flatMap((way) =>
    Object.entries<Step.InputKind>(way === "input" ? facts.inputs : outputs).flatMap(([name, kind]) =>
      kind.kind === "value" ? [{ way, role: `schema of ${name === way ? "" : `${way} `}${name}`, kind }] : [],
    ),
  )

/** What values and tables are read by, and what the declared text of values leaves out. */
const schemaTexts = (
  facts: Step.Facts,
  outputs: Step.Outputs,
  columns: Columns,
  code: Definition["code"],
): { readonly [role: string]: string } | undefined => {
  const digests: Record<string, string> = { ...columns }
  for (const { way, role, kind } of valuesOf(facts, outputs)) {
    const { text, types, computed } = SchemaCode.describe(kind.schema)
    if (way === "output" && !computed && types.length === 0) continue
    const read = computed ? codeDigest(code[role]!) : ""
    digests[role] = Canonical.digest("sluice/schema", [text, types, read]).slice(0, 32)
  }
  return Object.keys(digests).length === 0 ? undefined : digests
}

type Columns = { readonly [role: string]: string }

/** The columns that a step reads of a table, where its rows look otherwise than their producer wrote them. */
const columnsRead = (graph: Graph.Graph, node: Graph.Node): Columns => {
  let columns: Record<string, string> | undefined
  for (const name in node.inputs) {
    const input = node.inputs[name]!
    if (input.type === "source" || input.wanted?.kind !== "table") continue
    const produced = graph.nodes[input.node]!.outputs[input.output]
    if (produced?.kind !== "table" || produced === input.wanted) continue
    const read = namesIn(input.wanted.type.columns)
    if (read !== namesIn(produced.type.columns)) (columns ??= {})[`columns of ${name}`] = read
  }
  return columns ?? none
}

const none: Columns = {}

const isSame = (a: Columns, b: Columns): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** Names in their order, those within structs too. */
const namesIn = (columns: ReadonlyArray<NamedColumn>): string =>
  columns.map(({ name, type }) => JSON.stringify(name) + namesWithin(type)).join(",")

const namesWithin = (type: ColumnType): string => {
  switch (type.kind) {
    case "struct":
      return `{${namesIn(type.fields)}}`
    case "list":
      return namesWithin(type.item)
    case "nullable":
      return namesWithin(type.of)
    default:
      return ""
  }
}

const codeDigest = ({ digest, untagged }: CodeReading): string => (untagged.length > 0 ? "" : digest)

// An output's declaration is shared by many nodes; its text is made once.
const described = new WeakMap<object, string>()

const describe = (output: Step.Output): string => {
  let text = described.get(output)
  if (text === undefined) {
    text =
      output.kind === "table"
        ? `table ${Canonical.encode(output.type)}`
        : output.kind === "files"
          ? `files ${output.label}`
          : `value ${output.label} ${SchemaCode.describe(output.schema).text}`
    described.set(output, text)
  }
  return text
}

/** By name: the order in which fields were declared or given is in no key, so no step may see it. */
const inOrder = <A>(record: { readonly [name: string]: A }): { readonly [name: string]: A } =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))

// ── config ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const configSchemas = new WeakMap<object, Schema.Struct<any>>()

const configOf = (
  node: Graph.Node,
  problems: Array<[string, string]>,
): { readonly [name: string]: unknown } => {
  const fields = node.facts.config
  let empty = true
  for (const field in node.config) {
    empty = false
    if (!Object.hasOwn(fields, field)) {
      problems.push([`${node.name}.${field}`, `step ${node.facts.name} has no such input or config field`])
    }
  }
  if (empty && Object.keys(fields).length === 0) return node.config
  let schema = configSchemas.get(fields)
  if (schema === undefined) configSchemas.set(fields, (schema = Schema.Struct(fields)))
  try {
    return inOrder(schema.make(node.config, { parseOptions: { errors: "all" } }))
  } catch (error) {
    const issue = (error as { readonly cause?: unknown }).cause
    const rules = Params.rulesByField(issue, node.config)
    if (rules === undefined) throw error
    for (const [field, rule] of rules)
      problems.push([field === "" ? node.name : `${node.name}.${field}`, rule])
    return {}
  }
}
