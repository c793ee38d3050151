import { describe, expect, it } from "vitest"
import * as Arguments from "../src/Arguments.ts"
import * as Command from "../src/Command.ts"

const parsed = (...argv: Array<string>): Arguments.Invocation => {
  const result = Arguments.parse(argv)
  if (result.kind !== "invocation") throw new Error(JSON.stringify(result))
  return result.invocation
}

const refusal = (...argv: Array<string>): string => {
  const result = Arguments.parse(argv)
  if (result.kind !== "error") throw new Error(JSON.stringify(result))
  return result.message
}

describe("Arguments", () => {
  it("reads a command, its file and its flags in any order", () => {
    const invocation = parsed(
      "run",
      "--jobs",
      "3",
      "pipelines/reviews.ts",
      "--set=a=1",
      "--only",
      "train",
      "--json",
    )
    expect(invocation.command.name).toBe("run")
    expect(Arguments.file(invocation)).toBe("pipelines/reviews.ts")
    expect(Arguments.integer(invocation, "jobs")).toBe(3)
    expect(Arguments.many(invocation, "only")).toEqual(["train"])
    expect(Arguments.has(invocation, "json")).toBe(true)
    expect(Arguments.has(invocation, "force")).toBe(false)
  })

  it("splits --set at the first =, and of two for one name takes the last", () => {
    const invocation = parsed("run", ...["a=1e-4", "b=", "c=k=v", "a=2"].flatMap((s) => ["--set", s]))
    expect(Arguments.settings(invocation)).toEqual({ a: "2", b: "", c: "k=v" })
  })

  it("keeps a param called __proto__ a param", () => {
    const settings = Arguments.settings(parsed("run", "--set", "__proto__=1"))
    expect(Object.getPrototypeOf(settings)).toBe(Object.prototype)
    expect(Object.keys(settings)).toEqual(["__proto__"])
  })

  it("takes what follows -- as arguments", () => {
    expect(parsed("run", "--", "--odd.ts").arguments).toEqual(["--odd.ts"])
  })

  it("accepts the alias of a flag", () => {
    expect(Arguments.integer(parsed("run", "-j", "2"), "jobs")).toBe(2)
  })

  it("suggests the command that was meant", () => {
    expect(refusal("rnu")).toBe(
      "Unknown command rnu. Did you mean sluice run?\nsluice --help lists the commands.",
    )
    expect(refusal("doc")).toBe(
      "Unknown command doc. Did you mean sluice doctor?\nsluice --help lists the commands.",
    )
    expect(refusal("publish")).toBe("Unknown command publish.\nsluice --help lists the commands.")
    expect(refusal("help", "plna")).toBe(
      "Unknown command plna. Did you mean sluice plan?\nsluice --help lists the commands.",
    )
  })

  it("suggests the run of a file that stands where a command belongs", () => {
    expect(refusal("pipelines/a.ts")).toBe(
      "Unknown command pipelines/a.ts. Did you mean sluice run pipelines/a.ts?",
    )
  })

  it("suggests the flag that was meant", () => {
    expect(refusal("run", "--jbos", "2")).toBe(
      "Unknown flag --jbos for sluice run. Did you mean --jobs?\nsluice run --help lists what it takes.",
    )
    expect(refusal("gc", "-x")).toBe("Unknown flag -x for sluice gc.\nsluice gc --help lists what it takes.")
    expect(refusal("--json")).toBe(
      "Unknown flag --json: a command comes first.\nsluice --help lists the commands.",
    )
  })

  it("names value and rule of a flag that is wrong", () => {
    const help = "\nsluice run --help lists what it takes."
    expect(refusal("run", "--jobs", "0")).toBe(
      `--jobs is "0" and must be a whole number of at least 1.${help}`,
    )
    expect(refusal("run", "--jobs", "2.5")).toBe(
      `--jobs is "2.5" and must be a whole number of at least 1.${help}`,
    )
    expect(refusal("run", "--backend", "wsam")).toBe(
      `--backend is "wsam" and must be one of tensorflow, wasm, cpu. Did you mean wasm?${help}`,
    )
    expect(refusal("run", "--set", "=3")).toBe(
      `--set is "=3" and must be NAME=VALUE, as in --set learningRate=1e-4.${help}`,
    )
    expect(refusal("run", "--only")).toBe(`--only needs a value: --only STEP.${help}`)
    expect(refusal("run", "--only", "--json")).toBe(`--only needs a value: --only STEP.${help}`)
    expect(refusal("run", "--json=yes")).toBe(`--json takes no value, and got yes.${help}`)
    expect(refusal("run", "--jobs", "1", "--jobs", "2")).toBe(`--jobs is given twice, as 1 and as 2.${help}`)
  })

  it("counts arguments", () => {
    expect(refusal("why")).toBe(
      "sluice why needs STEP: a step's name, as `sluice plan` prints it.\nsluice why --help lists what it takes.",
    )
    expect(refusal("diff", "1")).toBe(
      "sluice diff needs RUN: the later run.\nsluice diff --help lists what it takes.",
    )
    expect(refusal("run", "a.ts", "b.ts")).toBe(
      'sluice run does not expect "b.ts".\nsluice run --help lists what it takes.',
    )
  })

  it("shows the help of a command through --help, -h and help", () => {
    const help = Arguments.parse(["why", "--help"])
    expect(help).toEqual(Arguments.parse(["help", "why"]))
    expect(help).toEqual(Arguments.parse(["why", "-h"]))
    expect(help.kind === "help" && help.text.split("\n")[0]).toBe("Usage: sluice why STEP [FILE] [flags]")
  })

  it("writes a command as one would type it", () => {
    expect(Arguments.shellWords(["run", "a b.ts", "--set", "x=it's"])).toBe("run 'a b.ts' --set 'x=it'\\''s'")
  })

  it("lists each argument of a command in its help, also two of one name", () => {
    const diff = Command.commands.find(({ name }) => name === "diff")!
    expect(Command.help(diff)).toContain("\n\n  RUN   the earlier run\n  RUN   the later run\n\n")
  })
})
