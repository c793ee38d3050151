/**
 * The commands of `sluice`: names, arguments, flags and help texts, as data.
 *
 * Plain code without Effect: the launcher reads it before anything else is loaded.
 */

export interface Flag {
  readonly name: string
  readonly alias?: string
  /** What the value is called in help (`N`, `STEP`); absent for a flag that takes none. */
  readonly value?: string
  /** May be given several times. */
  readonly repeated?: true
  /** The values that are accepted, where they can be listed. */
  readonly choices?: ReadonlyArray<string>
  /** A whole number of at least this. */
  readonly integerFrom?: number
  /** A number above 0 and at most 1. */
  readonly fraction?: true
  readonly help: string
}

interface Argument {
  readonly name: string
  readonly optional?: true
  readonly help: string
}

export interface Command {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly arguments: ReadonlyArray<Argument>
  readonly flags: ReadonlyArray<Flag>
  readonly examples: ReadonlyArray<string>
  /** Whether the pipeline itself has to be loaded. */
  readonly needsPipeline: boolean
}

const FILE: Argument = {
  name: "FILE",
  optional: true,
  help: "the pipeline; without it, the last one that was run, or the only one in this project",
}
const STEP: Argument = { name: "STEP", help: "a step's name, as `sluice plan` prints it" }

const JSON_FLAG: Flag = { name: "json", help: "print one JSON document instead of text" }
const HELP: Flag = { name: "help", alias: "h", help: "show this help" }
const SET: Flag = {
  name: "set",
  value: "NAME=VALUE",
  repeated: true,
  help: "set a param; the value is read as JSON where it parses, else as text",
}
const BACKEND: Flag = {
  name: "backend",
  value: "NAME",
  choices: ["tensorflow", "wasm", "cpu"],
  help: "what numeric steps compute with: tensorflow (default), wasm or cpu",
}
const THREADS: Flag = {
  name: "threads",
  value: "N",
  integerFrom: 1,
  help: "threads of numeric steps; part of their keys, since it changes bits",
}
const PRECISION: Flag = {
  name: "precision",
  value: "TYPE",
  choices: ["float32", "bfloat16"],
  help: "what they multiply frozen weights in: float32 (default) or bfloat16; part of their keys",
}
const ONLY: Flag = {
  name: "only",
  value: "STEP",
  repeated: true,
  help: "only this step and what it needs",
}
const FORCE: Flag = {
  name: "force",
  value: "STEP",
  repeated: true,
  help: "execute this step even if its result is known",
}
const RUN: Flag = { name: "run", value: "ID", help: "look at this run instead of the last one" }

/** Flags that every command takes. */
const common: ReadonlyArray<Flag> = [JSON_FLAG, HELP]

export const commands: ReadonlyArray<Command> = [
  {
    name: "run",
    summary: "execute what changed, reuse the rest",
    description:
      "Executes the steps of a pipeline whose results are not known yet. Ctrl-C keeps checkpoints:\nthe same command goes on from there.",
    arguments: [FILE],
    flags: [
      SET,
      ONLY,
      FORCE,
      { name: "jobs", alias: "j", value: "N", integerFrom: 1, help: "how many steps may execute at once" },
      {
        name: "resume-from",
        value: "CHECKPOINT",
        help: "go on from this checkpoint (its key or its folder), or refuse, with each difference",
      },
      { name: "strict", help: "refuse files, programs and network that a step does not declare" },
      { name: "frozen", help: "refuse before any step if anything differs from sluice.lock" },
      { name: "lock", help: "write sluice.lock when the run is done" },
      BACKEND,
      THREADS,
      PRECISION,
    ],
    examples: ["sluice run pipelines/reviews.ts", "sluice run --set learningRate=1e-4 --only train"],
    needsPipeline: true,
  },
  {
    name: "plan",
    summary: "say what would execute, and why",
    description:
      "Lists every step as hit (its result is known), run (it would execute, with the cause) or waiting\n(it stands below a step that executes, and is spared if that result comes out the same).\nA training says its parameters, optimizer steps, memory and time, as far as its inputs are known.",
    arguments: [FILE],
    flags: [SET, ONLY, FORCE, BACKEND, THREADS, PRECISION],
    examples: ["sluice plan pipelines/reviews.ts", "sluice plan --set trainRows=500"],
    needsPipeline: true,
  },
  {
    name: "why",
    summary: "say why a step executes, or did",
    description:
      "Names the root causes first, then the path by which each reached the step. Params are those of the\nlast run; with --set, what it names and else the pipeline's defaults.",
    arguments: [STEP, FILE],
    flags: [
      RUN,
      { name: "code", help: "list instead everything that the step's identity covers, with short digests" },
      SET,
      BACKEND,
      THREADS,
      PRECISION,
    ],
    examples: ["sluice why train", "sluice why train --set learningRate=1e-4", "sluice why --code format"],
    needsPipeline: true,
  },
  {
    name: "curve",
    summary: "say what more rows would bring",
    description:
      "Runs the pipeline on shares of its rows, fits a curve through a score, and says what twice the rows would\nbring, with a 95 % interval. What was run before is not run again.",
    arguments: [FILE],
    flags: [
      {
        name: "over",
        value: "PARAM",
        help: "the param that holds the number of rows to learn from (trainRows)",
      },
      { name: "shares", value: "LIST", help: "percentages of it, three at least (25,50,100)" },
      {
        name: "metric",
        value: "ARM.METRIC",
        help: "a score of the output scores (tuned.exact), or heldOut.loss of the output rowLosses",
      },
      {
        name: "seeds",
        value: "N",
        integerFrom: 1,
        help: "runs at each share, with the param seed at 1 to N (1)",
      },
      SET,
      { name: "jobs", alias: "j", value: "N", integerFrom: 1, help: "how many steps may execute at once" },
      BACKEND,
      THREADS,
      PRECISION,
    ],
    examples: [
      "sluice curve pipelines/reviews.ts",
      "sluice curve --shares 10,30,100 --metric tuned.accuracy --seeds 3",
    ],
    needsPipeline: true,
  },
  {
    name: "audit",
    summary: "execute hits again and compare",
    description:
      "Executes a sample of the hits again and compares what they answer with what is stored, which stays as\nit is. A step that answers differently is quarantined: its results are no hits until its code changes.",
    arguments: [FILE],
    flags: [
      { name: "sample", value: "SHARE", fraction: true, help: "share of the hits, rounded up (0.05)" },
      { name: "step", value: "STEP", repeated: true, help: "exactly this step instead of a sample" },
      { name: "seed", value: "TEXT", help: "draws the same sample again; the time unless given" },
      { name: "release", value: "STEP", help: "end the quarantine of this step, and audit nothing" },
      SET,
      BACKEND,
      THREADS,
      PRECISION,
    ],
    examples: ["sluice audit --sample 0.2", "sluice audit --step train"],
    needsPipeline: true,
  },
  {
    name: "lock",
    summary: "write what the results follow from to sluice.lock",
    description:
      "Writes params, digests of source files, code, packages and numeric settings to sluice.lock beside the\npipeline's package.json. sluice run --frozen refuses to execute anything that differs.",
    arguments: [FILE],
    flags: [SET, BACKEND, THREADS, PRECISION],
    examples: ["sluice lock pipelines/reviews.ts", "sluice run --frozen"],
    needsPipeline: true,
  },
  {
    name: "runs",
    summary: "list the runs of this project",
    description: "Lists the runs that this project remembers, newest first.",
    arguments: [FILE],
    flags: [{ name: "limit", value: "N", integerFrom: 1, help: "how many to list (20)" }],
    examples: ["sluice runs", "sluice runs --json"],
    needsPipeline: false,
  },
  {
    name: "diff",
    summary: "compare two runs",
    description:
      "Compares two runs: params, decisions, causes, results and times. A run is named by the start of its\nid, or by its age: 1 is the last run, 2 the one before.",
    arguments: [
      { name: "RUN", help: "the earlier run" },
      { name: "RUN", help: "the later run" },
    ],
    flags: [],
    examples: ["sluice diff 2 1"],
    needsPipeline: false,
  },
  {
    name: "show",
    summary: "look at what a step produced",
    description:
      "Prints a step's result: rows of a table, tokens coloured by what is supervised, a loss curve,\nfiles, values, and a report with its place on disk.",
    arguments: [STEP, FILE],
    flags: [
      { name: "rows", value: "N", integerFrom: 0, help: "how many rows to print (10)" },
      { name: "output", value: "NAME", help: "which output, where a step has several" },
      RUN,
      { name: "open", help: "write a report's page to a folder and say where" },
    ],
    examples: ["sluice show tokenize --rows 2", "sluice show evaluate --open"],
    needsPipeline: false,
  },
  {
    name: "report",
    summary: "write a comparison's report, and check it",
    description:
      "Writes what a run's comparison of arms found to .sluice/reports: a page, Markdown and JSON, or other\nforms. Exits 1 where a condition does not hold: ARM.SCORE >= NUMBER, a difference of two arms, or\nARM > ARM for the verdict.",
    arguments: [FILE],
    flags: [
      RUN,
      {
        name: "format",
        value: "FORM",
        repeated: true,
        choices: ["html", "md", "json", "junit", "lm-eval", "promptfoo", "all"],
        help: "html, md, json (these three by default), junit, lm-eval, promptfoo or all",
      },
      { name: "out", value: "FOLDER", help: "where to write instead" },
      {
        name: "fail-under",
        value: "CONDITION",
        repeated: true,
        help: 'exit 1 where this does not hold, as "tuned.exact >= 0.85"',
      },
      { name: "comparison", value: "NAME", help: "which one, where a run has several" },
    ],
    examples: [
      "sluice report",
      'sluice report --format junit --out results --fail-under "tuned.exact >= 0.85"',
      'sluice report --fail-under "tuned.exact - base.exact >= 5%" --fail-under "tuned > base"',
    ],
    needsPipeline: false,
  },
  {
    name: "gc",
    summary: "remove results that no kept run uses",
    description:
      "Removes what no kept run refers to: results, checkpoints, remembered rows, leftovers of killed\nprocesses, programs of edited pipelines. In the user's cache, compiled code that was not used for 30\ndays, and all beyond 256 MiB. Says what goes, why, and how many bytes.",
    arguments: [FILE],
    flags: [
      { name: "dry-run", help: "only say what would go" },
      { name: "keep", value: "N", integerFrom: 0, help: "how many of the newest runs to keep (20)" },
    ],
    examples: ["sluice gc --dry-run", "sluice gc --keep 3"],
    needsPipeline: false,
  },
  {
    name: "doctor",
    summary: "check machine, backend, caches and store",
    description:
      "Says what this machine offers, which backend numeric steps use and why, how fast it multiplies\nmatrices, how large the caches are, what is missing, and how to get it.",
    arguments: [FILE],
    flags: [
      { name: "fix", help: "fetch the TensorFlow library where it is missing" },
      { name: "store", help: "read every stored result again and verify its digest" },
      BACKEND,
      THREADS,
      PRECISION,
    ],
    examples: ["sluice doctor", "sluice doctor --fix", "sluice doctor --store"],
    needsPipeline: false,
  },
  {
    name: "init",
    summary: "write a new project",
    description:
      "Writes a small finished project into a folder: a pipeline on data of its own, its test and a README\nwhose commands work. Overwrites nothing.",
    arguments: [{ name: "FOLDER", help: "the project's folder; made where it is missing" }],
    flags: [
      {
        name: "from",
        value: "TARBALLS",
        help: "a folder with Sluice's packages as .tgz files, where no registry has them",
      },
    ],
    examples: ["sluice init my-project", "sluice init ../my-project --from dist/tarballs"],
    needsPipeline: false,
  },
]

export const find = (name: string): Command | undefined => commands.find((command) => command.name === name)

/** Every flag that a command takes. */
export const flagsOf = (command: Command): ReadonlyArray<Flag> => [...command.flags, ...common]

const usage = (command: Command): string =>
  [
    "sluice",
    command.name,
    ...command.arguments.map((argument) => (argument.optional ? `[${argument.name}]` : argument.name)),
    ...(command.flags.length > 0 ? ["[flags]"] : []),
  ].join(" ")

const flagLabel = (flag: Flag): string =>
  `${flag.alias === undefined ? "    " : `-${flag.alias}, `}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`

const columns = (rows: ReadonlyArray<readonly [string, string]>): Array<string> => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`)
}

/** Help of one command. */
export const help = (command: Command): string =>
  [
    `Usage: ${usage(command)}`,
    "",
    command.description,
    ...(command.arguments.length === 0
      ? []
      : ["", ...columns(command.arguments.map((argument) => [argument.name, argument.help] as const))]),
    "",
    ...columns(flagsOf(command).map((flag) => [flagLabel(flag), flag.help] as const)),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n")

/** Help of the program. */
export const overview = (): string =>
  [
    "Sluice fine-tunes language models from TypeScript, and executes only what changed.",
    "",
    "Usage: sluice COMMAND [arguments] [flags]",
    "",
    ...columns(commands.map((command) => [command.name, command.summary] as const)),
    "",
    "Every command takes --json and --help. Exit codes: 0 done, 1 a step failed, 2 usage or an invalid",
    "pipeline, 130 interrupted.",
    "",
  ].join("\n")
