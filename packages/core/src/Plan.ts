/**
 * What would happen: a pure function of the graph and of the observations gathered before. This module performs no IO.
 *
 * The engine carries a plan out with the same `Planner`: when a producer has finished, its consumers are decided again
 * with the fingerprints that it wrote, which is where early cutoff happens.
 */
import * as Schema from "effect/Schema"
import type { Entry } from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import type { ArtifactRef } from "./Artifact.ts"
import * as Canonical from "./Canonical.ts"
import type { CodeReading, Reader } from "./CodeReading.ts"
import * as Environment from "./Environment.ts"
import * as Errors from "./Errors.ts"
import * as Explain from "./Explain.ts"
import type * as Graph from "./Graph.ts"
import type { Settings } from "./Numerics.ts"
import * as Params from "./Params.ts"
import type * as Quarantine from "./Quarantine.ts"
import * as Random from "./Random.ts"
import type { DigestedFile } from "./SourceDigests.ts"
import type * as Step from "./Step.ts"

/**
 * `hit`: the result is there. `run`: it is not, and the cause is named. `waiting`: a producer runs first, and early
 * cutoff may still turn this into a hit. `uncached`: the step cannot be identified, so it runs every time.
 */
export type Decision = "hit" | "run" | "waiting" | "uncached"

/** One step of the plan. */
export interface Action {
  readonly name: string
  readonly decision: Decision
  /** Absent while a producer's output is not known, and for a step that cannot be identified. */
  readonly key: string | undefined
  readonly outputs: Readonly<Record<string, ArtifactRef>> | undefined
  /** Why it runs, root causes first. For a waiting step: why it may have to. */
  readonly causes: ReadonlyArray<Explain.Cause>
  readonly waitingFor: ReadonlyArray<string>
  /** From recorded history; of a hit, what it took when it ran. */
  readonly predictedMs: number | undefined
  readonly summary: string | undefined
}

/** Actions in topological order. */
export interface Plan {
  readonly pipeline: string
  readonly params: Readonly<Record<string, unknown>>
  readonly actions: ReadonlyArray<Action>
  /** One line each: steps that run uncached, damaged results. */
  readonly warnings: ReadonlyArray<string>
  /** Places in reached code that may give another result on another day or machine. */
  readonly notes: ReadonlyArray<{
    readonly step: string
    readonly file: string
    readonly line: number
    readonly what: string
  }>
}

/** What is known of the world before anything is decided. Functions answer from memory or an index, and never wait. */
export interface Observations {
  readonly code: Reader
  readonly env: (name: string) => string | undefined
  /** Undefined where no step is numeric. */
  readonly numeric: Settings | undefined
  readonly runtime: Readonly<Record<string, string>>
  /** Locale, time zone and their library: only for code that reads them. */
  readonly locale: Readonly<Record<string, string>>
  readonly sources: (step: string, patterns: ReadonlyArray<string>) => ReadonlyArray<DigestedFile>
  readonly entry: (key: string) => Entry | undefined
  /** What is wrong with an entry's bytes, or undefined. */
  readonly damage: (entry: Entry) => string | undefined
  readonly previous: (step: string) => Explain.Side | undefined
  /** Params of the run that the previous result of a step came from. */
  readonly previousParams: (step: string) => Readonly<Record<string, string>>
  readonly predictedMs: (step: string) => number | undefined
  /** What an audit found of the definition with this code, while that counts. */
  readonly quarantined: (facts: Step.Facts, prepared: Prepared) => Quarantine.Entry | undefined
}

export interface Options {
  /** Only these steps and what they need. */
  readonly only?: ReadonlyArray<string>
  /** These steps run even if their results are there. */
  readonly force?: ReadonlyArray<string>
}

/** A node with all of its own facts resolved; what is missing for a key are its producers' outputs. */
export interface Prepared {
  readonly shared: string
  readonly seed: string
  readonly config: { readonly [name: string]: unknown }
  readonly configTexts: { readonly [name: string]: string }
  readonly files: { readonly [input: string]: ReadonlyArray<DigestedFile> }
  /** `run` and `config.<field>`. */
  readonly code: Readonly<Record<string, CodeReading>>
  readonly env: ReadonlyArray<string>
  /** Functions whose code is unknown; the step runs uncached when there are any. */
  readonly untagged: ReadonlyArray<string>
}

/** A decision with what carrying it out needs. */
export interface Decided {
  readonly decision: Decision
  readonly key: string | undefined
  readonly recordText: string | undefined
  readonly entry: Entry | undefined
  readonly waitingFor: ReadonlyArray<number>
  readonly because: "absent" | "damaged" | "forced" | "quarantined" | "uncached" | undefined
  readonly damage: string | undefined
}

/** Whether a step runs although its result may be there: neither it nor what it remembers of single rows is used. */
export const isAnew = ({ because }: Pick<Decided, "because">): boolean =>
  because === "forced" || because === "quarantined"

/** Decides nodes; remembers what it prepared. */
export interface Planner {
  readonly graph: Graph.Graph
  /** Indices of the nodes that take part, ascending. */
  readonly selected: ReadonlyArray<number>
  readonly prepared: (node: number) => Prepared
  readonly decide: (
    node: number,
    outputsOf: (producer: number) => Readonly<Record<string, ArtifactRef>> | undefined,
  ) => Decided
}

/** Prepares every selected node. Throws NoSuchStep, CodeRefused, PipelineError or SourceMissing. */
export const planner = (
  graph: Graph.Graph,
  observed: Observations,
  options: Options = {},
  /** Exactly these nodes, without what they need. */
  exactly?: ReadonlyArray<number>,
): Planner => {
  const forced = new Set(options.force ?? [])
  for (const name of forced) indexOf(graph, name)
  const selected = exactly ?? select(graph, options.only)
  const prepared = prepareAll(graph, selected, observed)

  const decide: Planner["decide"] = (at, outputsOf) => {
    const node = graph.nodes[at]!
    const own = prepared[at]!
    let waitingFor: Array<number> | undefined
    const inputs: Record<string, ActionKey.Record["inputs"][string]> = {}
    for (const name in node.inputs) {
      const input = node.inputs[name]!
      if (input.type === "source") {
        inputs[name] = own.files[name]!.map((file) => [file.name, file.digest] as const)
        continue
      }
      const outputs = outputsOf(input.node)
      if (outputs !== undefined) inputs[name] = outputs[input.output]!.fingerprint
      else if (waitingFor === undefined) waitingFor = [input.node]
      else if (!waitingFor.includes(input.node)) waitingFor.push(input.node)
    }
    if (waitingFor !== undefined) return { ...undecided, decision: "waiting", waitingFor }
    if (own.untagged.length > 0) return { ...undecided, decision: "uncached", because: "uncached" }
    const recordText = ActionKey.text(own.shared, { seed: own.seed, config: own.configTexts, inputs })
    const key = ActionKey.digestText(recordText)
    if (forced.has(node.name)) return { ...undecided, decision: "run", key, recordText, because: "forced" }
    const entry = observed.entry(key)
    if (entry === undefined) return { ...undecided, decision: "run", key, recordText, because: "absent" }
    const damage = observed.damage(entry)
    if (damage !== undefined)
      return { ...undecided, decision: "run", key, recordText, because: "damaged", damage }
    if (observed.quarantined(node.facts, own) !== undefined)
      return { ...undecided, decision: "run", key, recordText, because: "quarantined" }
    return {
      decision: "hit",
      key,
      recordText,
      entry,
      waitingFor: none,
      because: undefined,
      damage: undefined,
    }
  }
  return { graph, selected, prepared: (at) => prepared[at]!, decide }
}

const none: ReadonlyArray<never> = []
const undecided = {
  key: undefined,
  recordText: undefined,
  entry: undefined,
  waitingFor: none,
  because: undefined,
  damage: undefined,
} as const

/** The plan of a planner: every node decided as far as it can be before anything runs. */
export const make = (
  plan: Planner,
  observed: Observations,
): { readonly plan: Plan; readonly decided: ReadonlyArray<Decided | undefined> } => {
  const { graph } = plan
  const decided = Array.from<Decided | undefined>({ length: graph.nodes.length })
  const actions: Array<Action> = []
  const warnings: Array<string> = []
  const notes: Array<Plan["notes"][number]> = []
  const outputsOf = (producer: number) => decided[producer]?.entry?.outputs
  const why = lazily(() => Explain.explainer(worldOf(plan, decided, observed)))
  const uncached: Array<string> = []
  for (const at of plan.selected) {
    const node = graph.nodes[at]!
    const decision = plan.decide(at, outputsOf)
    decided[at] = decision
    if (decision.decision === "uncached" || plan.prepared(at).untagged.length > 0) uncached.push(node.name)
    if (decision.damage !== undefined) warnings.push(`${node.name}: ${decision.damage}; it runs again`)
    actions.push({
      name: node.name,
      decision: decision.decision,
      key: decision.key,
      outputs: decision.entry?.outputs,
      causes: decision.decision === "hit" ? none : why()(node.name),
      waitingFor: decision.waitingFor.map((producer) => graph.nodes[producer]!.name),
      predictedMs: decision.entry?.ms ?? observed.predictedMs(node.name),
      summary: decision.entry?.summary,
    })
    for (const role in plan.prepared(at).code) {
      for (const note of plan.prepared(at).code[role]!.notes) notes.push({ step: node.name, ...note })
    }
  }
  if (uncached.length > 0) {
    warnings.unshift(
      `${uncached.length === 1 ? "Step" : "Steps"} ${uncached.join(", ")} ${uncached.length === 1 ? "runs" : "run"} uncached: no source transform saw the code. Start with the sluice command or node --import @sluice/code/register, or declare a version.`,
    )
  }
  return { plan: { pipeline: graph.name, params: graph.params, actions, warnings, notes }, decided }
}

/** What Explain compares: the results of before with the records of now. */
export const worldOf = (
  plan: Planner,
  decided: ReadonlyArray<Decided | undefined>,
  observed: Observations,
): Explain.World => {
  const { graph } = plan
  return {
    previous: observed.previous,
    next: (name) => {
      const at = graph.index.get(name)
      const decision = at === undefined ? undefined : decided[at]
      return at === undefined || decision === undefined ? undefined : sideOf(plan, at, decision, observed)
    },
    previousParams: observed.previousParams,
    nextParams: Params.texts(graph.params),
    producerOf: (name, input) => {
      const wired = graph.nodes[graph.index.get(name)!]?.inputs[input]
      return wired?.type === "output" ? graph.nodes[wired.node]!.name : undefined
    },
    special: (name) => {
      const at = graph.index.get(name)!
      const decision = decided[at]
      const cause = decision === undefined ? undefined : specialCause(plan, at, decision, observed)
      if (cause !== undefined) return cause
      return plan.prepared(at).untagged.length === 0
        ? undefined
        : {
            kind: "uncached",
            headline: `${name}: runs every time, its code is not identified`,
            path: [name],
          }
    },
  }
}

/** Why a step runs although its result may be there: no record shows it. */
export const specialCause = (
  plan: Planner,
  at: number,
  decision: Decided,
  observed: Pick<Observations, "quarantined">,
): Explain.Cause | undefined => {
  const { facts, name } = plan.graph.nodes[at]!
  switch (decision.because) {
    case "damaged":
      return { kind: "damaged", headline: `${name}: ${decision.damage}`, path: [name] }
    case "forced":
      return { kind: "forced", headline: `${name}: forced`, path: [name] }
    case "quarantined": {
      const found = observed.quarantined(facts, plan.prepared(at))!
      return {
        kind: "quarantined",
        headline: `${name}: quarantined, an audit got another answer`,
        path: [name],
        details: [
          ...found.differences,
          `sluice audit --release ${found.step} ends the quarantine; so does another edit of its code.`,
        ],
      }
    }
    default:
      return undefined
  }
}

/** One side of a comparison, from what is planned. Inputs that are not known yet are left out of the record. */
export const sideOf = (
  plan: Planner,
  at: number,
  decision: Decided,
  observed: Pick<Observations, "env">,
): Explain.Side => {
  const own = plan.prepared(at)
  const record =
    decision.recordText === undefined
      ? ActionKey.parse(
          ActionKey.text(own.shared, {
            seed: own.seed,
            config: own.configTexts,
            inputs: Object.fromEntries(
              Object.entries(own.files).map(([name, files]) => [
                name,
                files.map((file) => [file.name, file.digest] as const),
              ]),
            ),
          }),
        )
      : ActionKey.parse(decision.recordText)
  return { key: decision.key, record, code: own.code, env: Environment.texts(own.env, observed.env) }
}

// ── what a node is by itself ─────────────────────────────────────────────────────────────────────────────────────────

const indexOf = (graph: Graph.Graph, name: string): number => {
  const at = graph.index.get(name)
  if (at !== undefined) return at
  const known = [...graph.index.keys()]
  const near = Explain.nearestName(name, known)
  throw new Errors.NoSuchStep({ pipeline: graph.name, name, known, ...(near === undefined ? {} : { near }) })
}

/** The nodes asked for, with all that they need: every node where none is named. */
export const select = (
  graph: Graph.Graph,
  only: ReadonlyArray<string> | undefined,
): ReadonlyArray<number> => {
  if (only === undefined || only.length === 0) return graph.nodes.map((_, at) => at)
  const wanted = new Set<number>()
  const visit = (at: number): void => {
    if (wanted.has(at)) return
    wanted.add(at)
    graph.nodes[at]!.producers.forEach(visit)
  }
  for (const name of only) visit(indexOf(graph, name))
  return [...wanted].toSorted((a, b) => a - b)
}

interface Definition {
  /** `run`, and `finish` where the step has one. */
  readonly code: Readonly<Record<string, CodeReading>> & { readonly run: CodeReading }
  readonly shared: string
  readonly outputs: Step.Outputs
  readonly env: ReadonlyArray<string>
}

const prepareAll = (
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
    if (definition === undefined || found.length > 0 || definition.outputs !== node.outputs) {
      const code = definition?.code ?? readDefinition(facts, observed.code)
      const readings = [...Object.values(code), ...found.map(([, reading]) => reading)]
      const fresh = defineWith(facts, node.outputs, code, readings, observed)
      if (found.length === 0) definitions.set(facts, fresh)
      definition = fresh
    }
    const code: Record<string, CodeReading> = { ...definition.code }
    for (const [role, reading] of found) code[role] = reading
    const untagged: Array<string> = []
    if (facts.version === undefined) {
      for (const role in code) {
        untagged.push(...code[role]!.untagged)
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
    packages,
    env,
    numeric: facts.numeric ? (observed.numeric ?? {}) : {},
    format: ActionKey.format,
    runtime: readsLocale ? { ...observed.runtime, ...observed.locale } : observed.runtime,
  })
  return { code, shared, outputs, env: [...names].toSorted() }
}

/** The functions of a definition itself, as they are now. */
export const readDefinition = (facts: Step.Facts, reader: Reader): Definition["code"] => {
  const finish = facts.rowWise?.finish
  return { run: reader.read(facts.run), ...(finish === undefined ? {} : { finish: reader.read(finish) }) }
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
          : `value ${output.label} ${schemaText(output.schema)}`
    described.set(output, text)
  }
  return text
}

const schemaText = (schema: Schema.Top): string => {
  try {
    return Canonical.encode(Schema.toJsonSchemaDocument(schema))
  } catch {
    return "(no JSON schema)"
  }
}

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
    return schema.make(node.config, { parseOptions: { errors: "all" } })
  } catch (error) {
    const issue = (error as { readonly cause?: unknown }).cause
    const rules = Params.rulesByField(issue)
    if (rules === undefined) throw error
    for (const [field, rule] of rules)
      problems.push([field === "" ? node.name : `${node.name}.${field}`, rule])
    return {}
  }
}

const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}
