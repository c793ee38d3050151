/**
 * What Explain asks of a plan: the results of before beside the records of now, as little of them as can be read.
 *
 * A step of which nothing but inputs changed has its earlier key again when it is hashed with the inputs of before. That
 * costs what planning it costs; records are read only of steps that changed themselves, and of those that one edit
 * changed alike, only the first's.
 */
import * as ActionKey from "./ActionKey.ts"
import * as Environment from "./Environment.ts"
import * as Explain from "./Explain.ts"
import type { Earlier as EarlierRun, Observations } from "./Observations.ts"
import * as Params from "./Params.ts"
import type { Decided, Planner } from "./Planner.ts"
import * as RecordDifference from "./RecordDifference.ts"

/** Both states of a plan's steps. */
export interface PlannedWorld extends Required<Explain.World>, RecordDifference.Sides {}

type Inputs = ActionKey.Record["inputs"]

/** A definition as it was: its part of the record's text, and what is known of its code. */
interface Earlier extends Pick<RecordDifference.Side, "code" | "env"> {
  readonly shared: string
  /** What it came to for the first step of which only that changed. */
  told?: Told
}

interface Told {
  readonly step: string
  readonly params: Readonly<Record<string, string>>
  readonly causes: ReadonlyArray<Explain.Cause>
}

/** The same said of another step: headlines begin with its name where they name it. */
const retold = ({ causes, step }: Told, name: string): ReadonlyArray<Explain.Cause> =>
  causes.map((cause) => {
    const { headline } = cause
    const names = headline.startsWith(`${step}: `)
    return { ...cause, headline: names ? name + headline.slice(step.length) : headline, path: [name] }
  })

/** So many earlier states of a definition are tried before a record is read. */
const triedStates = 4

export const make = (
  planner: Planner,
  decided: ReadonlyArray<Decided | undefined>,
  observed: Observations,
): PlannedWorld => {
  const { graph } = planner
  const nextParams = Params.texts(graph.params)
  const paramsOf = (step: string): RecordDifference.ParamTexts => ({
    previousParams: observed.previousParams(step),
    nextParams,
  })
  const outputOf = (producer: number, output: string): string | undefined =>
    decided[producer]?.entry?.outputs[output]?.fingerprint
  const outputBefore = (producer: number, output: string): string | undefined => {
    const key = observed.previousKey(graph.nodes[producer]!.name)
    return key === undefined ? undefined : observed.previousEntry(key)?.outputs[output]?.fingerprint
  }

  /** The inputs with what `outputs` says of each producer; those that it does not know are left out. */
  const inputsWith = (at: number, outputs: typeof outputOf): Inputs => {
    const { inputs } = graph.nodes[at]!
    const found: Record<string, Inputs[string]> = {}
    for (const name in inputs) {
      const input = inputs[name]!
      const known =
        input.type === "output"
          ? outputs(input.node, input.output)
          : planner.prepared(at).files[name]!.map((file) => [file.name, file.digest] as const)
      if (known !== undefined) found[name] = known
    }
    return found
  }

  const textWith = (at: number, shared: string, inputs: Inputs): string => {
    const own = planner.prepared(at)
    return ActionKey.text(shared, { seed: own.seed, config: own.configTexts, inputs })
  }

  const next = (step: string): RecordDifference.Side | undefined => {
    const at = graph.index.get(step)
    const decision = at === undefined ? undefined : decided[at]
    if (at === undefined || decision === undefined) return undefined
    const own = planner.prepared(at)
    const text = decision.recordText ?? textWith(at, own.shared, inputsWith(at, outputOf))
    return {
      key: decision.key,
      record: ActionKey.parse(text),
      code: own.code,
      seed: graph.seed,
      env: Environment.texts(own.env, observed.env),
    }
  }
  const sides: RecordDifference.Sides = {
    previous: observed.previous,
    next,
    producerOf: (step, input) => {
      const wired = graph.nodes[graph.index.get(step)!]?.inputs[input]
      return wired?.type === "output" ? graph.nodes[wired.node]!.name : undefined
    },
  }

  const known = new Map<string, Array<Earlier>>()

  /** Without reading a record; `undefined` where that does not do. */
  const changesByHash = (at: number, key: string): Explain.Changes | undefined => {
    const { inputs, name } = graph.nodes[at]!
    const own = planner.prepared(at)
    const before = inputsWith(at, outputBefore)
    const through: Array<Explain.Arrival> = []
    for (const input of Object.keys(inputs).toSorted()) {
      const wired = inputs[input]!
      if (before[input] === undefined) return undefined
      if (wired.type === "source") continue
      const after = outputOf(wired.node, wired.output)
      const arrival = RecordDifference.arrivalOf(graph.nodes[wired.node]!.name, before[input], after)
      if (arrival !== undefined) through.push(arrival)
    }
    if (ActionKey.digestText(textWith(at, own.shared, before)) === key) return { own: [], through }
    for (const earlier of known.get(own.shared) ?? []) {
      const text = textWith(at, earlier.shared, before)
      if (ActionKey.digestText(text) !== key) continue
      const params = paramsOf(name)
      if (earlier.told?.params !== params.previousParams) {
        const { code, env } = earlier
        const side = { key, record: ActionKey.parse(text), code, env }
        const causes = RecordDifference.compare(name, side, next(name)!, params)
        earlier.told = { step: name, params: params.previousParams, causes }
      }
      return { own: retold(earlier.told, name), through }
    }
    return undefined
  }

  const remember = (shared: string, { record, code, env }: RecordDifference.Side): void => {
    const states = known.get(shared) ?? []
    if (states.length >= triedStates) return
    known.set(shared, [...states, { shared: ActionKey.staticText(record), code, env }])
  }

  const ofRuns = new Map<string, ReturnType<typeof Explain.explainer>>()
  /** Causes against what a run had, for steps that an interrupted run has computed since. */
  const against = ({ key: keyOf, params, run }: EarlierRun): ReturnType<typeof Explain.explainer> => {
    const known = ofRuns.get(run)
    if (known !== undefined) return known
    const texts = { previousParams: params, nextParams }
    const changes = (step: string): Explain.Changes | undefined => {
      const at = graph.index.get(step)
      const before = keyOf(step)
      if (at === undefined || before === undefined || before === decided[at]?.key) return undefined
      const previous = observed.stored(before)
      // Of a result that is gone nothing can be told.
      if (previous === undefined) return undefined
      return RecordDifference.changes(step, { ...sides, previous: () => previous }, () => texts)
    }
    const explain = Explain.explainer({ changes })
    ofRuns.set(run, explain)
    return explain
  }

  return {
    ...sides,
    since: (step, producer) => {
      const earlier = observed.previousRun(step)
      return earlier === undefined ? [] : against(earlier)(producer)
    },
    changes: (step) => {
      const at = graph.index.get(step)
      const decision = at === undefined ? undefined : decided[at]
      if (at === undefined || decision === undefined) return undefined
      const special = specialCause(planner, at, decision, observed)
      if (special !== undefined) return { own: [special], through: [] }
      const key = observed.previousKey(step)
      if (key === undefined) return RecordDifference.first(step)
      if (key === decision.key) return decision.decision === "hit" ? undefined : Explain.gone(step)
      const found = changesByHash(at, key)
      if (found !== undefined) return found
      const previous = observed.previous(step)
      if (previous !== undefined) remember(planner.prepared(at).shared, previous)
      return RecordDifference.changes(step, { ...sides, previous: () => previous }, paramsOf)
    },
  }
}

/** Why a step runs although its result may be there: no record shows it. */
export const specialCause = (
  planner: Planner,
  at: number,
  decision: Decided,
  observed: Pick<Observations, "quarantined">,
): Explain.Cause | undefined => {
  const { facts, name } = planner.graph.nodes[at]!
  switch (decision.because) {
    case "damaged":
      return { kind: "damaged", headline: `${name}: ${decision.damage}`, path: [name] }
    case "forced":
      return { kind: "forced", headline: `${name}: forced`, path: [name] }
    case "quarantined": {
      const found = observed.quarantined(facts, planner.prepared(at))!
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
      return planner.prepared(at).untagged.length === 0
        ? undefined
        : { kind: "uncached", headline: `${name}: runs every time, its code is not identified`, path: [name] }
  }
}
