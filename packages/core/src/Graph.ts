/**
 * A pipeline built with its params: nodes in topological order, every name resolved, every input's kind checked.
 * Building is plain synchronous code, because it is done for thousands of steps before anything else happens.
 */
import * as Errors from "./Errors.ts"
import { nearest } from "./internal/nearest.ts"
import { findCycle, topologicalOrder } from "./internal/topology.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Source from "./Source.ts"
import * as Step from "./Step.ts"
import * as Table from "./Table.ts"

/** A step of the pipeline. */
export interface Node {
  readonly name: string
  readonly facts: Step.Facts
  readonly inputs: { readonly [name: string]: NodeInput }
  /** As given; decoded when the node is planned. */
  readonly config: { readonly [name: string]: unknown }
  readonly outputs: Step.Outputs
  readonly single: boolean
  /** Indices of the producers in `Graph.nodes`, each once; all smaller than the node's own. */
  readonly producers: ReadonlyArray<number>
}

export type NodeInput =
  | {
      readonly type: "output"
      readonly node: number
      readonly output: string
      readonly wanted: Step.InputKind | undefined
    }
  | { readonly type: "source"; readonly patterns: ReadonlyArray<string> }

export interface Graph {
  readonly name: string
  /** Decoded. */
  readonly params: Readonly<Record<string, unknown>>
  readonly seed: string
  /** In topological order. */
  readonly nodes: ReadonlyArray<Node>
  readonly index: ReadonlyMap<string, number>
  /** What the pipeline's function returned. */
  readonly outputs: unknown
}

/** As what an input is opened: as the step declared it, else as its producer did. */
export const kindOf = (
  graph: Graph,
  input: Extract<NodeInput, { readonly type: "output" }>,
): Step.Output | Step.AnyTable =>
  input.wanted === undefined || input.wanted.kind === "source"
    ? graph.nodes[input.node]!.outputs[input.output]!
    : input.wanted

const stepName = /^[a-z0-9][a-zA-Z0-9_-]*$/

interface Declared {
  readonly name: string
  readonly use: Step.Use
}

/** Builds the graph. Throws PipelineError, UnknownParam or InvalidParam, each with all of its problems. */
export const make = (
  pipeline: Pipeline.Pipeline<any, any>,
  given: Readonly<Record<string, unknown>> = {},
): Graph => {
  const params = Params.decode(pipeline.name, pipeline.params, given)
  const declared: Array<Declared> = []
  const places = new Map<string, number>()
  const wrongNames: Array<string> = []
  const twice: Array<[string, string]> = []

  const adder = (prefix: string): Pipeline.AddStep =>
    Object.assign(
      (local: string, use: Step.Use<any, any>): any => {
        const name = prefix === "" ? local : `${prefix}/${local}`
        if (!stepName.test(local)) wrongNames.push(name)
        const earlier = places.get(name)
        if (earlier !== undefined) {
          twice.push([name, `uses ${declared[earlier]!.use.facts.name} and ${use.facts.name}`])
        } else {
          places.set(name, declared.length)
          declared.push({ name, use })
        }
        if (use.single) return refTo(name, "output", use.outputs["output"]!, use.facts.name)
        const refs: Record<string, Step.Ref> = {}
        for (const output in use.outputs)
          refs[output] = refTo(name, output, use.outputs[output]!, use.facts.name)
        return refs
      },
      {
        scope: (more: string): Pipeline.AddStep => {
          if (!more.split("/").every((part) => stepName.test(part))) wrongNames.push(more)
          return adder(prefix === "" ? more : `${prefix}/${more}`)
        },
      },
    )

  const outputs = pipeline.build({
    params,
    step: adder(""),
    ref: (name, kind, output) => refTo(name, output ?? "output", kind, name) as Step.Ref<any>,
  })

  const fail = (problem: string, facts: Errors.Facts, hint: string): never => {
    throw new Errors.PipelineError({ pipeline: pipeline.name, problem, facts, hint })
  }
  if (wrongNames.length > 0) {
    fail(
      wrongNames.length === 1
        ? "has a step with a name that cannot be"
        : "has steps with names that cannot be",
      wrongNames.map((name) => ["Name", JSON.stringify(name)] as const),
      "A name starts with a small letter or a digit and goes on with letters, digits, _ and -.",
    )
  }
  if (twice.length > 0) {
    fail("has two steps of one name", twice, "Give each use its own name, or nest them with step.scope(...).")
  }
  return resolve(pipeline, params, declared, places, outputs, fail)
}

const refTo = (node: string, output: string, kind: Step.Output, from: string): Step.Ref => ({
  "~sluice": "ref",
  node,
  output,
  kind,
  "~from": from,
})

type Fail = (problem: string, facts: Errors.Facts, hint: string) => never

const resolve = (
  pipeline: Pipeline.Pipeline<any, any>,
  params: Readonly<Record<string, unknown>>,
  declared: ReadonlyArray<Declared>,
  places: ReadonlyMap<string, number>,
  outputs: unknown,
  fail: Fail,
): Graph => {
  const missing: Array<[string, string]> = []
  const misfits: Array<[string, string]> = []
  const nodes: Array<Node> = []
  let forward = false
  for (let at = 0; at < declared.length; at++) {
    const { name, use } = declared[at]!
    const inputs: Record<string, NodeInput> = {}
    const producers: Array<number> = []
    for (const input in use.inputs) {
      const given = use.inputs[input]!
      const wanted = use.facts.inputs[input]
      if (!Step.isRef(given)) {
        const problem = problemOf(given)
        if (problem !== undefined) {
          missing.push([`${name}.${input}`, problem])
          continue
        }
        inputs[input] = { type: "source", patterns: Source.patternsOf(given) }
        if (wanted !== undefined && wanted.kind !== "source") {
          misfits.push([
            `${name}.${input}`,
            "files from outside are given, but what another step wrote is required",
          ])
        }
        continue
      }
      const node = places.get(given.node)
      const produced = node === undefined ? undefined : declared[node]!.use.outputs[given.output]
      if (node === undefined || produced === undefined) {
        missing.push([
          `${name}.${input}`,
          explainMissing(given, node === undefined ? undefined : declared[node], places),
        ])
        continue
      }
      if (node >= at) forward = true
      if (!producers.includes(node)) producers.push(node)
      inputs[input] = { type: "output", node, output: given.output, wanted }
      if (wanted !== undefined && wanted !== produced) {
        const problems = misfitsOf(wanted, produced)
        for (const problem of problems) misfits.push([`${name}.${input} <- ${given.node}`, problem])
      }
    }
    for (const input in use.facts.inputs) {
      if (!Object.hasOwn(use.inputs, input)) missing.push([`${name}.${input}`, "nothing is given"])
    }
    nodes.push({
      name,
      facts: use.facts,
      inputs,
      config: use.config,
      outputs: use.outputs,
      single: use.single,
      producers,
    })
  }
  if (missing.length > 0) {
    fail(
      "has inputs that lead nowhere",
      missing,
      "An input takes what step(...) or ref(...) returned for a step of this pipeline.",
    )
  }
  if (misfits.length > 0) {
    fail(
      "is wired wrongly",
      misfits,
      "Wire the input to an output of its kind, or declare what the producer writes.",
    )
  }
  if (!forward) return { name: pipeline.name, params, seed: pipeline.seed, nodes, index: places, outputs }
  return { name: pipeline.name, params, seed: pipeline.seed, ...reorder(nodes, fail), outputs }
}

const reorder = (nodes: ReadonlyArray<Node>, fail: Fail): Pick<Graph, "nodes" | "index"> => {
  const order = topologicalOrder(nodes.map((node) => node.producers))
  if (order === undefined) {
    const cycle = findCycle(nodes.map((node) => node.producers))
    const path = cycle.map((at) => nodes[at]!.name)
    return fail(
      "has a cycle",
      [["Path", [...path, path[0]!].join(" -> ")]],
      "A step may read only what does not depend on its own output.",
    )
  }
  const position = new Map(order.map((old, at) => [old, at]))
  const moved = order.map((old): Node => {
    const node = nodes[old]!
    return {
      ...node,
      producers: node.producers.map((producer) => position.get(producer)!),
      inputs: Object.fromEntries(
        Object.entries(node.inputs).map(([name, input]) => [
          name,
          input.type === "output" ? { ...input, node: position.get(input.node)! } : input,
        ]),
      ),
    }
  })
  return { nodes: moved, index: new Map(moved.map((node, at) => [node.name, at])) }
}

/** What is wrong with something that is neither an output nor files, where the compiler could not see it. */
const problemOf = (given: unknown): string | undefined => {
  if (typeof given === "string" || Array.isArray(given) || Source.isReference(given)) return undefined
  if (given === undefined || given === null) return "nothing is given"
  const outputs = Object.entries(given).filter(([, value]) => Step.isRef(value))
  return outputs.length === 0
    ? "is given what is no output of a step"
    : `is given more than one output: name one of ${outputs.map(([output]) => output).join(", ")}`
}

const explainMissing = (
  given: Step.Ref,
  producer: Declared | undefined,
  places: ReadonlyMap<string, number>,
): string => {
  if (producer === undefined) {
    const near = nearest(given.node, [...places.keys()])
    return `reads "${given.node}", which is no step of this pipeline${near === undefined ? "" : ` (did you mean "${near}"?)`}`
  }
  return `reads output "${given.output}" of "${given.node}", which has ${Object.keys(producer.use.outputs).join(", ")}`
}

// Kinds are few and shared by many nodes; each pair is compared once.
const compared = new WeakMap<object, WeakMap<object, ReadonlyArray<string>>>()

const misfitsOf = (wanted: Step.InputKind, produced: Step.Output): ReadonlyArray<string> => {
  let row = compared.get(wanted)
  if (row === undefined) compared.set(wanted, (row = new WeakMap()))
  let problems = row.get(produced)
  if (problems === undefined) row.set(produced, (problems = compare(wanted, produced)))
  return problems
}

const compare = (wanted: Step.InputKind, produced: Step.Output): ReadonlyArray<string> => {
  if (wanted.kind === "anyTable")
    return produced.kind === "table" ? [] : [`${nameOf(produced)} is given, but a table is required`]
  if (wanted.kind === "table" && produced.kind === "table")
    return Table.mismatches(wanted.type, produced.type)
  const want = nameOf(wanted)
  const have = nameOf(produced)
  return want === have ? [] : [`${have} is given, but ${want} is required`]
}

const nameOf = (kind: Step.InputKind): string => {
  switch (kind.kind) {
    case "table":
    case "anyTable":
      return "a table"
    case "source":
      return "files from outside"
    case "files":
      return `files '${kind.label}'`
    case "value":
      return `value '${kind.label}'`
  }
}
