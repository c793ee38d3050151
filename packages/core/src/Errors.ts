/**
 * Every error that the engine raises.
 *
 * An error is a tagged class whose fields are facts; its `message` is derived from them in one form: a headline, facts
 * with aligned labels, and one hint that says what to do. A step may add its own errors beside its code; it fills in
 * `structured` just the same, so that no message drifts from the form.
 */
import * as Data from "effect/Data"
import type { Run } from "./Run.ts"

export { editDistance, nearest } from "./internal/nearest.ts"

/** Labels with their values, in the order in which they are to be read. */
export type Facts = Readonly<Record<string, string>> | ReadonlyArray<readonly [label: string, value: string]>

/**
 * A message: headline; facts, one a line, values aligned; hint. A value of several lines continues under itself.
 *
 * ```text
 * Pipeline "chat" has a cycle.
 *   Path:  tokenize -> train -> tokenize
 * A step may read only steps declared before it.
 * ```
 */
export const structured = (headline: string, facts: Facts = [], hint?: string): string => {
  const entries = Array.isArray(facts)
    ? (facts as ReadonlyArray<readonly [string, string]>)
    : Object.entries(facts as Readonly<Record<string, string>>)
  const width = entries.reduce((widest, [label]) => Math.max(widest, label.length), 0)
  const lines = entries.map(([label, value]) => {
    const indent = " ".repeat(width + 5)
    return `  ${label}:${" ".repeat(width - label.length + 2)}${value.replaceAll("\n", `\n${indent}`)}`
  })
  return [headline, ...lines, ...(hint === undefined ? [] : [hint])].join("\n")
}

/** A pipeline that cannot be planned: a cycle, two steps of one name, a reference that leads nowhere, wrong wiring. */
export class PipelineError extends Data.TaggedError("PipelineError")<{
  readonly pipeline: string
  /** Says after `Pipeline "name" `: `has a cycle`. */
  readonly problem: string
  readonly facts: Facts
  readonly hint: string
}> {
  override get message(): string {
    return structured(`Pipeline "${this.pipeline}" ${this.problem}.`, this.facts, this.hint)
  }
}

/** A step that threw, failed or ended without its output. */
export class StepFailed extends Data.TaggedError("StepFailed")<{
  readonly step: string
  /** What the step said, in its own words. */
  readonly reason: string
  /** Where in the user's code, `lib/text.ts:12:3`, when known. */
  readonly place?: string
  /** What the step threw, for callers that want to look closer. */
  readonly error?: unknown
  readonly hint?: string
}> {
  override get message(): string {
    const facts: Array<[string, string]> = [["Reason", this.reason]]
    if (this.place !== undefined) facts.push(["Place", this.place])
    return structured(`Step "${this.step}" failed.`, facts, this.hint)
  }
}

/** A step that used, in a strict run, what it does not declare. Lists every use. */
export class NotHermetic extends Data.TaggedError("NotHermetic")<{
  readonly step: string
  readonly uses: ReadonlyArray<{
    /** `reads a file`, `starts a program`, `uses the network`. */
    readonly what: string
    readonly target: string
    /** `lib/text.ts:12:3`, where the user's own code is on the way to the call. */
    readonly place: string | undefined
  }>
}> {
  override get message(): string {
    return structured(
      `Step "${this.step}" uses what it does not declare.`,
      this.uses.map(({ what, target, place }): [string, string] => [
        place ?? "(unknown place)",
        `${what}: ${target}`,
      ]),
      "Declare files as an input with Source.files and write to the context's scratch folder; fetch and convert outside of the pipeline.",
    )
  }
}

/** A table whose columns are not those asked for. Lists every column that differs. */
export class SchemaMismatch extends Data.TaggedError("SchemaMismatch")<{
  /** Who asked: `clean.rows`. */
  readonly place: string
  /** One sentence a column: `column 'text' is Int32 but Utf8 is required`. */
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return structured(
      `The table handed to ${this.place} does not have the columns declared there.`,
      [["Columns", this.problems.join("\n")]],
      "Declare the columns that the producer writes, or change the producer's table.",
    )
  }
}

/** A table that cannot be declared: names or types that no table can have. */
export class TableInvalid extends Data.TaggedError("TableInvalid")<{
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return structured(
      "A table cannot be declared.",
      [["Problems", this.problems.join("\n")]],
      "Give each column a name and a type: Table.make({ text: Table.utf8 }).",
    )
  }
}

/** One value of a row that breaks its column's rule. */
export interface CellProblem {
  /** Column and the way inside it: `messages[2].role`. */
  readonly column: string
  /** The value as text, shortened. */
  readonly value: string
  /** What the column admits: `a whole number from -2147483648 to 2147483647`. */
  readonly rule: string
}

/** A row that does not fit its table. Lists every column of that row that is wrong; nothing of the table is stored. */
export class RowInvalid extends Data.TaggedError("RowInvalid")<{
  readonly table: string
  /** Counted from 1, in the order in which the rows were written. */
  readonly row: number
  readonly problems: ReadonlyArray<CellProblem>
}> {
  override get message(): string {
    return structured(
      `Row ${this.row} does not fit table ${this.table}.`,
      this.problems.map((problem): [string, string] => [
        problem.column,
        `${problem.value} is not ${problem.rule}`,
      ]),
      "Correct the value where the row is made, or declare the column with a type that admits it.",
    )
  }
}

/** What a step returned does not fit the output that it declared. Lists everything that is wrong. */
export class OutputInvalid extends Data.TaggedError("OutputInvalid")<{
  /** The output's label. */
  readonly output: string
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return structured(
      `What the step returned is not ${this.output}.`,
      [["Problems", this.problems.join("\n")]],
      "Return what the step's definition declares, or change the declaration.",
    )
  }
}

/** The store could not read or write. Nothing partial stands under a good name afterwards. */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly operation: "read" | "write" | "open"
  /** The path or digest concerned. */
  readonly place: string
  /** `damaged` and `missing` mean: run the producer again. */
  readonly kind: "full" | "denied" | "missing" | "damaged" | "failed"
  readonly reason: string
  readonly hint: string
}> {
  override get message(): string {
    return structured(
      `The store could not ${this.operation}.`,
      [
        ["Place", this.place],
        ["Reason", this.reason],
      ],
      this.hint,
    )
  }
}

/** A value that has no canonical form, by its path inside the whole. */
export class CanonicalError extends Data.TaggedError("CanonicalError")<{
  /** `config.labels[2]`; the empty string is the value itself. */
  readonly path: string
  readonly what: string
}> {
  override get message(): string {
    return structured(
      "A value cannot be written in canonical form.",
      [
        ["Path", this.path === "" ? "(the value itself)" : this.path],
        ["Value", this.what],
      ],
      "Pass plain data (numbers, strings, records, arrays, Maps, Sets, dates, typed arrays), or declare a version on the step.",
    )
  }
}

/** An input file was edited between planning and reading, or while it was read. Nothing was stored. */
export class SourceChanged extends Data.TaggedError("SourceChanged")<{
  readonly step: string
  readonly file: string
  readonly expected: string
  readonly found: string
}> {
  override get message(): string {
    return structured(
      `Step "${this.step}" read a file that changed meanwhile.`,
      [
        ["File", this.file],
        ["Planned", this.expected.slice(0, 12)],
        ["Read", this.found.slice(0, 12)],
      ],
      "Nothing was stored. Run again when the file is no longer being written.",
    )
  }
}

/** A file or a glob that matched nothing. */
export class SourceMissing extends Data.TaggedError("SourceMissing")<{
  readonly step: string
  readonly pattern: string
  /** The folder from which the pattern was resolved. */
  readonly root: string
}> {
  override get message(): string {
    return structured(
      `Step "${this.step}" has no input file.`,
      [
        ["Pattern", this.pattern],
        ["Folder", this.root],
      ],
      "Patterns are resolved from the folder of the nearest package.json.",
    )
  }
}

/** Params that the pipeline does not have. */
export class UnknownParam extends Data.TaggedError("UnknownParam")<{
  readonly pipeline: string
  readonly names: ReadonlyArray<string>
  readonly known: ReadonlyArray<string>
  /** The known name nearest to each unknown one, where one is near. */
  readonly near: Readonly<Record<string, string>>
}> {
  override get message(): string {
    const several = this.names.length > 1
    const near = Object.values(this.near)
    return structured(
      `Pipeline "${this.pipeline}" has no ${several ? "params" : "param"} ${this.names.map((name) => `"${name}"`).join(", ")}.`,
      [["Params", this.known.length === 0 ? "(none)" : this.known.join(", ")]],
      near.length === 0 ? "Give params as --set name=value." : `Did you mean ${near.join(", ")}?`,
    )
  }
}

/** Params whose values break their schemas, all of them. */
export class InvalidParam extends Data.TaggedError("InvalidParam")<{
  readonly pipeline: string
  readonly problems: ReadonlyArray<{ readonly name: string; readonly value: string; readonly rule: string }>
}> {
  override get message(): string {
    return structured(
      `Pipeline "${this.pipeline}" cannot take ${this.problems.length > 1 ? "these params" : "this param"}.`,
      this.problems.map((problem): [string, string] => [problem.name, `${problem.value}: ${problem.rule}`]),
      "--set takes JSON where it parses, else a string.",
    )
  }
}

/** Code in a step that cannot be identified. Lists every place. */
export class CodeRefused extends Data.TaggedError("CodeRefused")<{
  readonly step: string
  readonly places: ReadonlyArray<{ readonly place: string; readonly what: string; readonly fix: string }>
}> {
  override get message(): string {
    return structured(
      `The code of step "${this.step}" cannot be identified.`,
      this.places.map(({ place, what, fix }): [string, string] => [
        place,
        fix === "" ? what : `${what}\n${fix}`,
      ]),
      "Change the code there, or declare a version on the step and change it whenever the result may change.",
    )
  }
}

/** Another process took over an action, so this one may not store its result. */
export class LeaseLost extends Data.TaggedError("LeaseLost")<{
  readonly step: string
  readonly key: string
}> {
  override get message(): string {
    return structured(
      `Step "${this.step}" lost its lease.`,
      [["Action", this.key.slice(0, 12)]],
      "Another process runs the same action now. Nothing of this attempt was stored; run again to use its result.",
    )
  }
}

/** A checkpoint that cannot be resumed exactly. */
export class CheckpointRefused extends Data.TaggedError("CheckpointRefused")<{
  /** Empty where nothing was found that would name one. */
  readonly step: string
  readonly place: string
  /** One line a difference. */
  readonly differences: ReadonlyArray<string>
}> {
  override get message(): string {
    const isKnown = this.step !== ""
    return structured(
      isKnown
        ? `A checkpoint of step "${this.step}" cannot be resumed exactly.`
        : "The checkpoint cannot be resumed.",
      [
        ["Checkpoint", this.place],
        [isKnown ? "Differs" : "Reason", this.differences.join("\n")],
      ],
      isKnown
        ? "Run with the settings of the checkpoint, or run without it to start over."
        : "Name a checkpoint's key or folder, or run without it to start over.",
    )
  }
}

/** So many names of steps are told: a pipeline may have thousands. */
const listed = 40

/** A name that is no step of the pipeline. */
export class NoSuchStep extends Data.TaggedError("NoSuchStep")<{
  readonly pipeline: string
  readonly name: string
  readonly known: ReadonlyArray<string>
  readonly near?: string
  /** Given where only runs were asked, and how they fell short: the pipeline may have steps that none has reached. */
  readonly unreached?: string
}> {
  override get message(): string {
    const left = this.known.length - listed
    const names = this.known.slice(0, listed).join(", ")
    return structured(
      this.unreached === undefined || this.near !== undefined
        ? `Pipeline "${this.pipeline}" has no step "${this.name}".`
        : `${this.unreached} a step "${this.name}".`,
      [["Steps", names === "" ? "(none)" : left > 0 ? `${names} and ${left} more` : names]],
      this.near === undefined ? undefined : `Did you mean ${this.near}?`,
    )
  }
}

/** A frozen run without a lock that it could compare with. */
export class LockMissing extends Data.TaggedError("LockMissing")<{
  readonly pipeline: string
  readonly file: string
  /** Said of the file: `there is no such file`. */
  readonly problem: string
}> {
  override get message(): string {
    return structured(
      `Pipeline "${this.pipeline}" is not locked.`,
      [
        ["File", this.file],
        ["Problem", this.problem],
      ],
      "`sluice lock` writes it.",
    )
  }
}

/** As a shell reads it as one word. */
const shellWord = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** What is here differs from what was locked. Lists every difference with both values. */
export class LockDiffers extends Data.TaggedError("LockDiffers")<{
  readonly pipeline: string
  readonly file: string
  readonly differences: ReadonlyArray<{
    readonly what: string
    readonly locked: string | undefined
    readonly now: string | undefined
  }>
}> {
  override get message(): string {
    const show = (text: string | undefined): string =>
      text === undefined ? "(none)" : text.length <= 60 ? text : `${text.slice(0, 60)}…`
    const flags = this.differences.flatMap(({ what, locked }) =>
      what.startsWith("param ") && locked !== undefined
        ? [`--set ${shellWord(`${what.slice("param ".length)}=${locked === "(not set)" ? "null" : locked}`)}`]
        : [],
    )
    return structured(
      `Pipeline "${this.pipeline}" is not as its lock says.`,
      [
        ["Lock", this.file],
        ...this.differences.map(({ what, locked, now }): [string, string] => [
          what,
          `${show(locked)} -> ${show(now)}`,
        ]),
      ],
      `Nothing was executed. ${flags.length === 0 ? "" : `${flags.join(" ")} gives the locked params. `}\`sluice lock\` accepts what is here now.`,
    )
  }
}

/** A step that no audit put under quarantine. */
export class NotQuarantined extends Data.TaggedError("NotQuarantined")<{
  readonly name: string
  readonly known: ReadonlyArray<string>
  readonly near?: string
}> {
  override get message(): string {
    return structured(
      `Step "${this.name}" is not under quarantine.`,
      [["Quarantined", this.known.length === 0 ? "(none)" : this.known.join(", ")]],
      this.near === undefined ? undefined : `Did you mean ${this.near}?`,
    )
  }
}

/** A run that is not in the log. */
export class NoSuchRun extends Data.TaggedError("NoSuchRun")<{
  readonly id: string
  readonly known: ReadonlyArray<string>
}> {
  override get message(): string {
    return structured(
      `There is no run "${this.id}".`,
      [["Runs", this.known.length === 0 ? "(none)" : this.known.join(", ")]],
      "`sluice runs` lists every run that is kept.",
    )
  }
}

/** One or more steps failed. Steps that do not depend on them ran all the same, and their results are kept. */
export class RunFailed extends Data.TaggedError("RunFailed")<{
  readonly run: Run
  readonly failures: ReadonlyArray<{ readonly name: string; readonly error: Error }>
}> {
  override get message(): string {
    return this.failures.map((failure) => failure.error.message).join("\n\n")
  }
}
