import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { LibraryFetchFailed } from "../../src/Errors.ts"
import { explain, install, libraryFolder, type Options, type Progress } from "../../src/library/install.ts"
import type { Wheel } from "../../src/Wheel.ts"
import { storedZip } from "./storedZip.ts"

const archive = storedZip({
  "tensorflow/libtensorflow_framework.so.2": "framework",
  "tensorflow/libtensorflow_cc.so.2": "c".repeat(100_000),
  "tensorflow/other.py": "not wanted",
})

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

const wheel: Wheel = {
  platform: "linux-x64",
  package: "tensorflow-cpu",
  pipPlatform: "manylinux_2_27_x86_64",
  sizeBytes: archive.length,
  sha256: sha256(archive),
  libraries: ["tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2"],
  main: "libtensorflow_cc.so.2",
}

describe("installing the library", () => {
  let root = ""
  let cache = ""
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-install-"))
    cache = path.join(root, "cache")
    fs.writeFileSync(path.join(root, "tensorflow.whl"), archive)
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  /** A stand-in for Python: a script that finds --dest among its arguments and notes that it ran. */
  const python = (script: string): string => {
    const file = path.join(root, "python3")
    const lines = [
      "#!/bin/sh",
      `echo run >> ${root}/runs`,
      'for arg in "$@"; do case "$arg" in --dest=*) dest="${arg#--dest=}";; esac; done',
      script,
    ]
    fs.writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o755 })
    return file
  }
  const runs = (): number => fs.readFileSync(path.join(root, "runs"), "utf8").trim().split("\n").length
  const delivering = () => python(`cp ${root}/tensorflow.whl "$dest/tensorflow_cpu-2.21.0.whl"`)

  const start = (options: Partial<Options> = {}): Promise<void> =>
    install({
      wheel,
      cache,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...options,
    })
  const failure = async (options: Partial<Options>): Promise<LibraryFetchFailed> => {
    try {
      await start(options)
    } catch (cause) {
      return explain(cause, options.wheel ?? wheel)
    }
    throw new Error("It did not fail.")
  }

  it("unpacks the two libraries and nothing else, and leaves no temporary files", async () => {
    const seen: Array<Progress> = []
    await start({ python: delivering(), onProgress: (progress) => seen.push(progress) })
    const folder = libraryFolder(cache, wheel)
    expect(fs.readdirSync(folder).toSorted()).toEqual([
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so.2",
      "wheel.json",
    ])
    expect(fs.readFileSync(path.join(folder, "libtensorflow_framework.so.2"), "utf8")).toBe("framework")
    expect(fs.readdirSync(cache).toSorted()).toEqual(["fetch-lock.sqlite", path.basename(folder)])
    expect(seen.at(-1)).toEqual({ phase: "unpacking", done: 100_009, total: 100_009 })
  })

  it("reports the bytes that pip has written so far", async () => {
    const seen: Array<Progress> = []
    const slow = python(
      `head -c 5000 /dev/zero > "$TMPDIR/part"; while [ ! -e ${root}/go ]; do sleep 0.05; done; rm "$TMPDIR/part"; ` +
        `cp ${root}/tensorflow.whl "$dest/tensorflow_cpu-2.21.0.whl"`,
    )
    await start({
      python: slow,
      onProgress: (progress) => {
        seen.push(progress)
        if (progress.done === 5000) fs.writeFileSync(path.join(root, "go"), "")
      },
    })
    expect(seen).toContainEqual({ phase: "downloading", done: 5000, total: archive.length })
  })

  it("fetches once when two start together", async () => {
    const slow = python(`sleep 0.3; cp ${root}/tensorflow.whl "$dest/tensorflow_cpu-2.21.0.whl"`)
    const waits: Array<Progress> = []
    await Promise.all([
      start({ python: slow }),
      start({
        python: slow,
        onProgress: (progress) => void (progress.phase === "waiting" && waits.push(progress)),
      }),
    ])
    expect(runs()).toBe(1)
    expect(waits).toEqual([{ phase: "waiting", done: 0 }])
  })

  it("clears away what a killed one left, and starts anew", async () => {
    fs.mkdirSync(path.join(cache, "fetching", "wheel"), { recursive: true })
    fs.writeFileSync(path.join(cache, "fetching", "wheel", "half.whl"), "half")
    await start({ python: delivering() })
    expect(fs.existsSync(path.join(cache, "fetching"))).toBe(false)
    expect(fs.existsSync(path.join(libraryFolder(cache, wheel), wheel.main))).toBe(true)
  })

  it("refuses a wheel with another digest", async () => {
    const other = storedZip({ "tensorflow/libtensorflow_cc.so.2": "other" })
    fs.writeFileSync(path.join(root, "tensorflow.whl"), other)
    const error = await failure({ python: delivering() })
    expect(error.message).toBe(
      [
        "The TensorFlow wheel that arrived is not the pinned one. It was not used.",
        "  File:      tensorflow_cpu-2.21.0.whl",
        `  Expected:  sha256 ${wheel.sha256}`,
        `  Received:  sha256 ${sha256(other)}`,
        "Look at pip's index settings (`python3 -m pip config list`): something may serve another file.",
      ].join("\n"),
    )
    expect(fs.readdirSync(cache)).toEqual(["fetch-lock.sqlite"])
  })

  it("refuses a wheel without the libraries", async () => {
    const other = storedZip({ "tensorflow/libtensorflow_framework.so.2": "framework" })
    fs.writeFileSync(path.join(root, "tensorflow.whl"), other)
    const error = await failure({ python: delivering(), wheel: { ...wheel, sha256: sha256(other) } })
    expect(error.reason).toBe("damaged-wheel")
    expect(error.message).toContain("it holds no tensorflow/libtensorflow_cc.so.2")
    expect(fs.readdirSync(cache)).toEqual(["fetch-lock.sqlite"])
  })

  it("refuses a file that is no wheel", async () => {
    const other = Buffer.from("<html>Please log in</html>")
    fs.writeFileSync(path.join(root, "tensorflow.whl"), other)
    const error = await failure({ python: delivering(), wheel: { ...wheel, sha256: sha256(other) } })
    expect(error.reason).toBe("damaged-wheel")
  })

  it("stops pip when interrupted, and leaves nothing", async () => {
    const controller = new AbortController()
    const endless = python('head -c 10 /dev/zero > "$TMPDIR/part"; exec sleep 60')
    const error = await failure({
      python: endless,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 10) controller.abort()
      },
    })
    expect(error.message).toContain("aborted")
    expect(fs.readdirSync(cache)).toEqual(["fetch-lock.sqlite"])
  })

  it("says that python3 is missing", async () => {
    expect((await failure({ python: path.join(root, "nowhere", "python3") })).message).toBe(
      [
        "There is no Python, and TensorFlow is fetched with its pip.",
        `  Reason:  ${path.join(root, "nowhere", "python3")}: not found`,
        "  Needed:  Python 3 with pip, for this one download",
        "Install Python 3 with pip, or set SLUICE_LIBTENSORFLOW to a TensorFlow 2.21 library.",
      ].join("\n"),
    )
  })

  const outputs: ReadonlyArray<readonly [LibraryFetchFailed["reason"], string, string]> = [
    ["no-pip", "/usr/bin/python3: No module named pip", "python3 has no pip"],
    [
      "no-network",
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...): Failed to " +
        "establish a new connection: [Errno -3] Temporary failure in name resolution'\n" +
        "ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)\n" +
        "ERROR: No matching distribution found for tensorflow-cpu==2.21.0",
      "The package index could not be reached.",
    ],
    [
      "not-found",
      "ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: 2.20.0)\n" +
        "ERROR: No matching distribution found for tensorflow-cpu==2.21.0",
      "The package index has no such TensorFlow wheel.",
    ],
    [
      "no-space",
      "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
      "There is not enough room to install TensorFlow.",
    ],
    ["no-permission", "ERROR: [Errno 13] Permission denied: '/x'", "The cache folder cannot be written."],
    ["pip-failed", "Traceback\nERROR: something else", "pip said:  ERROR: something else"],
  ]
  for (const [reason, output, part] of outputs) {
    it(`tells ${reason} from pip's output`, async () => {
      fs.writeFileSync(path.join(root, "output"), output)
      const error = await failure({ python: python(`cat ${root}/output >&2; exit 1`) })
      expect(error.reason).toBe(reason)
      expect(error.message).toContain(part)
      expect(error.message.split("\n").length).toBeGreaterThan(2)
    })
  }

  it("says that the cache folder cannot be made", async () => {
    fs.writeFileSync(cache, "a file in the way")
    const error = await failure({ python: delivering() })
    expect(error.message.split("\n").at(-1)).toMatch(/SLUICE_CACHE/)
  })
})
