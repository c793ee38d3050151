/**
 * What the user typed: argv as a command, its arguments and its flags, or one usage error.
 *
 * Pure, and without Effect: the launcher parses before it knows what to load.
 */
import * as Command from "./Command.ts"
import { nearMiss } from "./nearMiss.ts"

export interface Invocation {
  readonly command: Command.Command
  readonly arguments: ReadonlyArray<string>
  /** Values by flag name; every flag keeps a list, in the order typed. A flag without value holds "". */
  readonly flags: ReadonlyMap<string, ReadonlyArray<string>>
  /** The words as typed, to print the command again. */
  readonly argv: ReadonlyArray<string>
}

export type Parsed =
  | { readonly kind: "invocation"; readonly invocation: Invocation }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  | { readonly kind: "error"; readonly message: string }

const error = (message: string): Parsed => ({ kind: "error", message })

const suggestion = (given: string, known: ReadonlyArray<string>, show: (name: string) => string): string => {
  const near = nearMiss(given, known)
  return near === undefined ? "" : ` Did you mean ${show(near)}?`
}

const isFile = (word: string): boolean => /\.[cm]?[jt]s$/.test(word)

export const parse = (argv: ReadonlyArray<string>): Parsed => {
  const [first, ...rest] = argv
  if (first === undefined || first === "--help" || first === "-h")
    return { kind: "help", text: Command.overview() }
  if (first === "--version" || first === "-v") return { kind: "version" }
  if (first === "help") {
    const named = rest[0] === undefined ? undefined : Command.find(rest[0])
    if (rest[0] === undefined) return { kind: "help", text: Command.overview() }
    if (named !== undefined) return { kind: "help", text: Command.help(named) }
    return unknownCommand(rest[0])
  }
  const command = Command.find(first)
  if (command === undefined) {
    if (first.startsWith("-")) {
      return error(`Unknown flag ${first}: a command comes first.\nsluice --help lists the commands.`)
    }
    return isFile(first)
      ? error(`Unknown command ${first}. Did you mean sluice run ${first}?`)
      : unknownCommand(first)
  }
  return parseCommand(command, rest, argv)
}

const unknownCommand = (word: string): Parsed =>
  error(
    `Unknown command ${word}.${suggestion(
      word,
      Command.commands.map((command) => command.name),
      (name) => `sluice ${name}`,
    )}\nsluice --help lists the commands.`,
  )

const parseCommand = (
  command: Command.Command,
  words: ReadonlyArray<string>,
  argv: ReadonlyArray<string>,
): Parsed => {
  const known = Command.flagsOf(command)
  const help = `sluice ${command.name} --help lists what it takes.`
  const flags = new Map<string, Array<string>>()
  const positional: Array<string> = []
  let onlyArguments = false
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (onlyArguments || !word.startsWith("-") || word === "-") {
      positional.push(word)
      continue
    }
    if (word === "--") {
      onlyArguments = true
      continue
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1
    const typed = equals < 0 ? word : word.slice(0, equals)
    const flag = known.find(
      (f) => typed === `--${f.name}` || (f.alias !== undefined && typed === `-${f.alias}`),
    )
    if (flag === undefined) {
      const names = known.map((f) => `--${f.name}`)
      return error(
        `Unknown flag ${typed} for sluice ${command.name}.${suggestion(typed, names, (n) => n)}\n${help}`,
      )
    }
    if (flag.name === "help") return { kind: "help", text: Command.help(command) }
    let value = ""
    if (flag.value === undefined) {
      if (equals >= 0)
        return error(`--${flag.name} takes no value, and got ${word.slice(equals + 1)}.\n${help}`)
    } else {
      const next = words[i + 1]
      if (equals >= 0) value = word.slice(equals + 1)
      else if (next === undefined || (next.startsWith("--") && next !== "--")) {
        return error(`--${flag.name} needs a value: --${flag.name} ${flag.value}.\n${help}`)
      } else {
        value = next
        i++
      }
      const wrong = invalid(flag, value)
      if (wrong !== undefined) return error(`${wrong}\n${help}`)
    }
    const values = flags.get(flag.name)
    if (values === undefined) flags.set(flag.name, [value])
    else if (flag.repeated || flag.value === undefined) values.push(value)
    else if (values[0] !== value) {
      return error(`--${flag.name} is given twice, as ${values[0]} and as ${value}.\n${help}`)
    }
  }
  const required = command.arguments.filter((argument) => !argument.optional)
  if (positional.length < required.length) {
    const missing = required[positional.length]!
    return error(`sluice ${command.name} needs ${missing.name}: ${missing.help}.\n${help}`)
  }
  if (positional.length > command.arguments.length) {
    const extra = positional[command.arguments.length]!
    return error(`sluice ${command.name} does not expect ${JSON.stringify(extra)}.\n${help}`)
  }
  return { kind: "invocation", invocation: { command, arguments: positional, flags, argv } }
}

const invalid = (flag: Command.Flag, value: string): string | undefined => {
  if (flag.integerFrom !== undefined) {
    const whole = /^\d+$/.test(value) ? Number(value) : NaN
    if (!(whole >= flag.integerFrom && whole <= Number.MAX_SAFE_INTEGER)) {
      return `--${flag.name} is ${JSON.stringify(value)} and must be a whole number of at least ${flag.integerFrom}.`
    }
  }
  if (flag.fraction !== undefined && !(value.trim() !== "" && Number(value) > 0 && Number(value) <= 1)) {
    return `--${flag.name} is ${JSON.stringify(value)} and must be a number above 0 and at most 1.`
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    const near = suggestion(value, flag.choices, (name) => name)
    return `--${flag.name} is ${JSON.stringify(value)} and must be one of ${flag.choices.join(", ")}.${near}`
  }
  if (flag.name === "set" && !/^[^=]+=/.test(value)) {
    return `--set is ${JSON.stringify(value)} and must be NAME=VALUE, as in --set learningRate=1e-4.`
  }
  return undefined
}

/** The pipeline file among the arguments, if one was typed. */
export const file = (invocation: Invocation): string | undefined => {
  const at = invocation.command.arguments.findIndex((argument) => argument.name === "FILE")
  return at < 0 ? undefined : invocation.arguments[at]
}

export const one = (invocation: Invocation, flag: string): string | undefined =>
  invocation.flags.get(flag)?.[0]

export const many = (invocation: Invocation, flag: string): ReadonlyArray<string> =>
  invocation.flags.get(flag) ?? []

export const has = (invocation: Invocation, flag: string): boolean => invocation.flags.has(flag)

export const integer = (invocation: Invocation, flag: string): number | undefined => {
  const value = one(invocation, flag)
  return value === undefined ? undefined : Number(value)
}

/** `--set` values by name, as typed; of two for one name the last counts. */
export const settings = (invocation: Invocation): Record<string, string> =>
  Object.fromEntries(
    many(invocation, "set").map((setting) => {
      const equals = setting.indexOf("=")
      return [setting.slice(0, equals).trim(), setting.slice(equals + 1)]
    }),
  )

/** A command as one would type it in a shell. */
export const shellWords = (words: ReadonlyArray<string>): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ")
