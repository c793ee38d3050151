/**
 * GGUF, llama.cpp's model file: metadata, a table of tensors, and blocks of values, read by range.
 *
 * @see the GGUF specification in ggml's `docs/gguf.md`; versions 2 and 3, little-endian
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Bytes from "./ByteSource.ts"
import { dequantisers } from "./dequantise.ts"
import { FormatError } from "./FormatError.ts"
import { Cursor, type GgufValue } from "./GgufCursor.ts"
import { type GgufType, ggufTypes } from "./GgufType.ts"

export type { GgufValue } from "./GgufCursor.ts"

export interface GgufTensor {
  readonly name: string
  /** `Q4_1`, `F32`, … */
  readonly type: string
  /** Row-major, so the reverse of the order in the file: a linear layer's is [out, in]. */
  readonly shape: ReadonlyArray<number>
  /** From the start of the file. */
  readonly offset: number
  readonly sizeBytes: number
}

export interface Gguf {
  readonly file: string
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
  /** The values of a tensor as float32, row-major; throws a FormatError for an unknown name or type. */
  readonly values: (name: string) => Float32Array<ArrayBuffer>
  readonly close: () => void
}

/** Opens a file within a scope. Fails with FormatError where it is not a GGUF file or is cut off. */
export const open = (path: string): Effect.Effect<Gguf, FormatError, Scope.Scope> =>
  Effect.acquireRelease(Effect.try({ try: () => openSync(path), catch: asFormatError(path) }), (gguf) =>
    Effect.sync(gguf.close),
  )

/** As `open`, for plain code: the caller closes the file. Throws FormatError. */
export const openSync = (path: string): Gguf => {
  const source = Bytes.fromFile(path)
  try {
    return parse(source)
  } catch (error) {
    source.close()
    throw error
  }
}

/** A file that lies in memory. Throws FormatError. */
export const fromBytes = (bytes: Uint8Array, name = "bytes in memory"): Gguf =>
  parse(Bytes.fromBytes(bytes, name))

const asFormatError =
  (file: string) =>
  (cause: unknown): FormatError =>
    cause instanceof FormatError
      ? cause
      : new FormatError({ file, reason: "The file cannot be read.", facts: [["Cause", String(cause)]] })

const defaultAlignment = 32

const parse = (source: Bytes.ByteSource): Gguf => {
  const cursor = new Cursor(source)
  checkMagic(source)
  cursor.skip(4)
  const version = cursor.uint32("the version")
  if (version !== 2 && version !== 3) {
    const swapped = version === 0x02000000 || version === 0x03000000
    throw new FormatError({
      file: source.file,
      reason: swapped ? "This is a big-endian GGUF file." : `GGUF version ${version} is not supported.`,
      facts: [["Supported", "versions 2 and 3, little-endian"]],
      hint: "Convert the model again with a current llama.cpp.",
    })
  }
  const tensorCount = cursor.count("the number of tensors", 24)
  const keyCount = cursor.count("the number of metadata keys", 12)
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.string(`metadata key ${i + 1} of ${keyCount}`)
    metadata.set(key, cursor.value(cursor.uint32(`the type of '${key}'`), key))
  }
  const entries: Array<{ name: string; type: GgufType; shape: Array<number>; offset: number }> = []
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.string(`the name of tensor ${i + 1} of ${tensorCount}`)
    const place = `tensor '${name}'`
    const rank = cursor.uint32(place)
    if (rank > 8) throw cursor.damaged(`${place} with ${rank} dimensions`)
    const shape: Array<number> = []
    for (let d = 0; d < rank; d++) shape.unshift(cursor.uint64(place))
    const id = cursor.uint32(place)
    const type = ggufTypes.get(id)
    if (type === undefined) throw unknownType(source.file, name, `number ${id}`)
    entries.push({ name, type, shape, offset: cursor.uint64(place) })
  }
  const alignment = metadata.get("general.alignment") ?? defaultAlignment
  if (typeof alignment !== "number" || alignment < 1)
    throw cursor.damaged(`an alignment of ${String(alignment)}`)
  const start = Math.ceil(cursor.position / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const { name, type, shape, offset } of entries) {
    const count = shape.reduce((a, b) => a * b, 1)
    if (count % type.blockValues !== 0) {
      throw cursor.damaged(`tensor '${name}': ${count} values are no whole number of ${type.name} blocks`)
    }
    const sizeBytes = (count / type.blockValues) * type.blockBytes
    tensors.set(name, { name, type: type.name, shape, offset: start + offset, sizeBytes })
  }
  checkComplete(source, tensors)
  return {
    file: source.file,
    version,
    metadata,
    tensors,
    values: (name) => readValues(source, tensors, name),
    close: source.close,
  }
}

const checkMagic = (source: Bytes.ByteSource): void => {
  const head = source.read(0, Math.min(source.sizeBytes, 16))
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("")
  if (text.startsWith("GGUF")) return
  const looksLike = text.startsWith("version https://")
    ? "a Git LFS pointer: the model itself was not downloaded"
    : text.startsWith("PK")
      ? "a zip archive, such as a Python wheel: unpack it first"
      : /^\s*<(!doctype|html)/i.test(text)
        ? "a web page: the download did not give the file"
        : text.startsWith("ggml") || text.startsWith("lmgg") || text.startsWith("tjgg")
          ? "an older ggml file: convert the model again"
          : text.slice(8, 10) === '{"'
            ? "a safetensors file: give its folder instead"
            : undefined
  throw new FormatError({
    file: source.file,
    reason: "This is not a GGUF file.",
    facts: [
      ["Expected", "GGUF (47 47 55 46)"],
      ["Found", describe(head.subarray(0, 4))],
      ...(looksLike === undefined ? [] : [["Looks like", looksLike] as const]),
    ],
  })
}

const describe = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return "an empty file"
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
  const printable = bytes.every((byte) => byte > 32 && byte < 127)
  return printable ? `${String.fromCharCode(...bytes)} (${hex})` : hex
}

const checkComplete = (source: Bytes.ByteSource, tensors: ReadonlyMap<string, GgufTensor>): void => {
  const beyond = [...tensors.values()].filter((tensor) => tensor.offset + tensor.sizeBytes > source.sizeBytes)
  if (beyond.length === 0) return
  const first = beyond.reduce((a, b) => (b.offset < a.offset ? b : a))
  const needed = Math.max(...beyond.map((tensor) => tensor.offset + tensor.sizeBytes))
  throw new FormatError({
    file: source.file,
    reason: "The GGUF file is cut off.",
    facts: [
      ["Size", `${source.sizeBytes} bytes`],
      ["Needed", `${needed} bytes`],
      ["First tensor cut", `${first.name} (bytes ${first.offset} to ${first.offset + first.sizeBytes})`],
      ["Tensors cut", `${beyond.length} of ${tensors.size}`],
    ],
    hint: "Fetch the file again.",
  })
}

const unknownType = (file: string, tensor: string, type: string): FormatError =>
  new FormatError({
    file,
    reason: "A tensor has a type that Sluice does not read.",
    facts: [
      ["Tensor", tensor],
      ["Type", type],
      ["Types read", Object.keys(dequantisers).join(" ")],
    ],
    hint: "Use a file of one of these types; Q8_0 and Q4_K_M files exist for most models.",
  })

/** Bytes read at a time while a tensor is expanded. */
const windowBytes = 4 * 1024 * 1024

const readValues = (
  source: Bytes.ByteSource,
  tensors: ReadonlyMap<string, GgufTensor>,
  name: string,
): Float32Array<ArrayBuffer> => {
  const tensor = tensors.get(name)
  if (tensor === undefined) {
    throw new FormatError({
      file: source.file,
      reason: "The file has no such tensor.",
      facts: [
        ["Tensor", name],
        ["Tensors", `${tensors.size}, the first ${[...tensors.keys()].slice(0, 3).join(", ")}`],
      ],
    })
  }
  const dequantise = dequantisers[tensor.type]
  if (dequantise === undefined) throw unknownType(source.file, name, tensor.type)
  const type = [...ggufTypes.values()].find((candidate) => candidate.name === tensor.type)!
  const out = new Float32Array(tensor.shape.reduce((a, b) => a * b, 1))
  const blocks = tensor.sizeBytes / type.blockBytes
  const step = Math.max(1, Math.floor(windowBytes / type.blockBytes))
  for (let block = 0; block < blocks; block += step) {
    const count = Math.min(step, blocks - block)
    const bytes = source.read(tensor.offset + block * type.blockBytes, count * type.blockBytes)
    dequantise(bytes, out.subarray(block * type.blockValues, (block + count) * type.blockValues))
  }
  return out
}
