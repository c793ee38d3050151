/**
 * Safetensors: a JSON table of tensors, then their bytes. One file, or shards under an index.
 *
 * @see https://github.com/huggingface/safetensors, "Format"
 */
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Bytes from "./ByteSource.ts"
import { dequantisers } from "./dequantise.ts"
import { FormatError } from "./FormatError.ts"
import { readJson } from "./jsonFile.ts"
import type { Weight } from "./WeightSource.ts"

export interface SafetensorsTensor {
  readonly name: string
  /** `F32`, `BF16`, … */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
}

export interface Safetensors {
  /** The file, or the index of several. */
  readonly file: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>
  /** The values as float32, row-major; throws FormatError for an unknown name or a type that is not a float. */
  readonly values: (name: string) => Float32Array<ArrayBuffer>
  readonly close: () => void
}

/** Opens `x.safetensors` or `x.safetensors.index.json` within a scope. */
export const open = (file: string): Effect.Effect<Safetensors, FormatError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => openSync(file),
      catch: (cause) =>
        cause instanceof FormatError
          ? cause
          : new FormatError({ file, reason: "The file cannot be read.", facts: [["Cause", String(cause)]] }),
    }),
    (opened) => Effect.sync(opened.close),
  )

/** As `open`, for plain code: the caller closes. Throws FormatError. */
export const openSync = (file: string): Safetensors => {
  if (file.endsWith(".json")) return openIndex(file, (shard) => path.join(path.dirname(file), shard))
  const source = Bytes.fromFile(file)
  try {
    return parse(source)
  } catch (error) {
    source.close()
    throw error
  }
}

export const fromBytes = (bytes: Uint8Array, name = "bytes in memory"): Safetensors =>
  parse(Bytes.fromBytes(bytes, name))

/** Bytes of one value of each type. */
const widths: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
}

const floats = ["F64", "F32", "F16", "BF16"]

/** What the format allows a header to be. */
const largestHeader = 100_000_000

const parse = (source: Bytes.ByteSource): Safetensors => {
  const file = source.file
  const fail = (
    reason: string,
    facts: ReadonlyArray<readonly [string, string]>,
    hint?: string,
  ): FormatError => new FormatError({ file, reason, facts, hint })
  if (source.sizeBytes < 8) {
    throw fail("This is not a safetensors file.", [["Size", `${source.sizeBytes} bytes`]])
  }
  const length = new DataView(source.read(0, 8).buffer).getBigUint64(0, true)
  if (length > BigInt(largestHeader)) {
    const head = Array.from(source.read(0, 8), (byte) => String.fromCharCode(byte)).join("")
    const looksLike = head.startsWith("PK")
      ? "a zip archive, perhaps a PyTorch checkpoint: save the model again with safe_serialization"
      : head.startsWith("GGUF")
        ? "a GGUF file"
        : head.startsWith("version ")
          ? "a Git LFS pointer: the model itself was not downloaded"
          : "something else"
    throw fail("This is not a safetensors file.", [
      ["Header length", `${length} bytes`],
      ["Looks like", looksLike],
    ])
  }
  const start = 8 + Number(length)
  if (start > source.sizeBytes) {
    throw fail(
      "The safetensors file is cut off in its header.",
      [
        ["Size", `${source.sizeBytes} bytes`],
        ["Needed", `${start} bytes`],
      ],
      "Fetch the file again.",
    )
  }
  let header: Record<string, { dtype: string; shape: Array<number>; data_offsets: [number, number] }>
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(source.read(8, Number(length))))
  } catch (cause) {
    throw fail("The safetensors file's header is no JSON.", [["Cause", String(cause)]])
  }
  const metadata = (header["__metadata__"] ?? {}) as unknown as Record<string, string>
  const tensors = new Map<string, SafetensorsTensor>()
  const places = new Map<string, readonly [number, number]>()
  const problems: Array<readonly [string, string]> = []
  let end = 0
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue
    const problem = entryProblem(entry)
    if (problem !== undefined) {
      problems.push([name, problem])
      continue
    }
    const [from, to] = entry.data_offsets
    tensors.set(name, { name, dtype: entry.dtype, shape: entry.shape })
    places.set(name, [start + from, to - from])
    end = Math.max(end, start + to)
  }
  if (problems.length > 0) throw fail("The safetensors file's table is damaged.", problems)
  if (end > source.sizeBytes) {
    const beyond = [...places].filter(([, [from, size]]) => from + size > source.sizeBytes)
    throw fail(
      "The safetensors file is cut off.",
      [
        ["Size", `${source.sizeBytes} bytes`],
        ["Needed", `${end} bytes`],
        ["First tensor cut", beyond.reduce((a, b) => (b[1][0] < a[1][0] ? b : a))[0]],
        ["Tensors cut", `${beyond.length} of ${tensors.size}`],
      ],
      "Fetch the file again.",
    )
  }
  return {
    file,
    metadata,
    tensors,
    values: (name) => {
      const tensor = tensors.get(name)
      const place = places.get(name)
      if (tensor === undefined || place === undefined) throw noSuchTensor(file, name, tensors.size)
      if (!floats.includes(tensor.dtype)) {
        throw fail("A tensor has a type that Sluice does not read as numbers.", [
          ["Tensor", name],
          ["Type", tensor.dtype],
          ["Types read", floats.join(" ")],
        ])
      }
      const out = new Float32Array(tensor.shape.reduce((a, b) => a * b, 1))
      const width = widths[tensor.dtype]!
      const window = 1024 * 1024
      for (let done = 0; done < out.length; done += window) {
        const count = Math.min(window, out.length - done)
        const bytes = source.read(place[0] + done * width, count * width)
        dequantisers[tensor.dtype]!(bytes, out.subarray(done, done + count))
      }
      return out
    },
    close: source.close,
  }
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const entryProblem = (entry: {
  dtype: string
  shape: Array<number>
  data_offsets: [number, number]
}): string | undefined => {
  const width = widths[entry?.dtype]
  if (width === undefined) return `type ${entry?.dtype} is not known`
  if (!Array.isArray(entry.shape) || !entry.shape.every(whole)) return "has no shape"
  if (!Array.isArray(entry.data_offsets) || !entry.data_offsets.every(whole)) return "has no place"
  const needed = entry.shape.reduce((a, b) => a * b, 1) * width
  const found = entry.data_offsets[1] - entry.data_offsets[0]
  return needed === found
    ? undefined
    : `${entry.dtype} [${entry.shape.join(", ")}] needs ${needed} bytes, has ${found}`
}

const noSuchTensor = (file: string, name: string, count: number): FormatError =>
  new FormatError({
    file,
    reason: "The file has no such tensor.",
    facts: [
      ["Tensor", name],
      ["Tensors", String(count)],
    ],
  })

/**
 * Shards as Hugging Face writes them: `{"weight_map": {tensor: shard file}}`. `placeOf` gives a shard's path by its
 * name. The caller closes. Throws FormatError.
 */
export const openIndex = (file: string, placeOf: (shard: string) => string): Safetensors => {
  const map = (readJson(file) as { weight_map?: Record<string, string> } | null)?.weight_map
  if (typeof map !== "object" || map === null) {
    throw new FormatError({ file, reason: "The index names no shards.", facts: [["Missing", "weight_map"]] })
  }
  const shards = new Map<string, Safetensors>()
  const close = (): void => {
    for (const shard of shards.values()) shard.close()
  }
  try {
    for (const shard of new Set(Object.values(map))) {
      shards.set(shard, openSync(placeOf(shard)))
    }
    const tensors = new Map<string, SafetensorsTensor>()
    const absent: Array<readonly [string, string]> = []
    for (const [name, shard] of Object.entries(map)) {
      const tensor = shards.get(shard)!.tensors.get(name)
      if (tensor === undefined) absent.push([name, `not in ${shard}`])
      else tensors.set(name, tensor)
    }
    if (absent.length > 0) {
      throw new FormatError({ file, reason: "The index names tensors that its shards lack.", facts: absent })
    }
    return {
      file,
      metadata: {},
      tensors,
      values: (name) => {
        const shard = map[name]
        if (shard === undefined) throw noSuchTensor(file, name, tensors.size)
        return shards.get(shard)!.values(name)
      },
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/**
 * The bytes of a safetensors file of float32 tensors. One form only: tensors by name, header padded with spaces to
 * eight bytes, metadata sorted; the same bytes as the Python library's for the same tensors.
 */
export const encode = (
  tensors: ReadonlyMap<string, Weight>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> => {
  const names = [...tensors.keys()].toSorted((a, b) => (a < b ? -1 : 1))
  const header: Record<string, unknown> = {}
  const keys = Object.keys(metadata).toSorted((a, b) => (a < b ? -1 : 1))
  if (keys.length > 0) header["__metadata__"] = Object.fromEntries(keys.map((key) => [key, metadata[key]]))
  let end = 0
  for (const name of names) {
    const { shape, data } = tensors.get(name)!
    const from = end
    end += data.length * 4
    header[name] = { dtype: "F32", shape, data_offsets: [from, end] }
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + padded + end)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(padded), true)
  bytes.set(json, 8)
  bytes.fill(0x20, 8 + json.length, 8 + padded)
  let at = 8 + padded
  for (const name of names) {
    for (const value of tensors.get(name)!.data) {
      view.setFloat32(at, value, true)
      at += 4
    }
  }
  return bytes
}
