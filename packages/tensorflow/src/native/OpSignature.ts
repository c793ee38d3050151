/**
 * How many inputs and outputs an operation takes, from TensorFlow's own definition of it.
 *
 * TensorFlow's eager runtime does not check the count itself: an operation given too many inputs reads past
 * an array and ends the process. A recording needs the same facts, to pass list inputs as lists.
 *
 * @see tensorflow/core/framework/op_def.proto
 */
import type { CApi, Pointer } from "./CApi.ts"

export interface OpSignature {
  /** One entry per declared input: how many tensors it takes, or the attribute that says so. */
  readonly inputs: ReadonlyArray<1 | { readonly count: string } | { readonly types: string }>
  readonly outputs: ReadonlyArray<1 | { readonly count: string } | { readonly types: string }>
  /** The number of inputs where no list is among them, else −1. */
  readonly inputCount: number
}

/** Reads definitions one by one; each is kept. `undefined` for a name that is no registered operation. */
export const reader = (c: CApi): ((name: string) => OpSignature | undefined) => {
  const known = new Map<string, OpSignature | undefined>()
  const graph = c.TF_NewGraph()
  return (name) => {
    let signature = known.get(name)
    if (signature === undefined && !known.has(name)) {
      signature = read(c, graph, name)
      known.set(name, signature)
    }
    return signature
  }
}

const read = (c: CApi, graph: Pointer, name: string): OpSignature | undefined => {
  const buffer = c.TF_NewBuffer()
  try {
    c.TF_GraphGetOpDef(graph, c.cString(name), buffer, c.status)
    if (c.TF_GetCode(c.status) !== 0) {
      c.TF_SetStatus(c.status, 0, "")
      return undefined
    }
    const header = new BigUint64Array(2) // TF_Buffer: data, length, …
    c.copyOut(header, buffer, 16)
    const bytes = new Uint8Array(Number(header[1]))
    c.copyOut(bytes, Number(header[0]), bytes.length)
    return parse(bytes)
  } finally {
    c.TF_DeleteBuffer(buffer)
  }
}

/** OpDef: input_arg = 2, output_arg = 3. ArgDef: number_attr = 5, type_list_attr = 6. */
export const parse = (bytes: Uint8Array): OpSignature => {
  const inputs: Array<OpSignature["inputs"][number]> = []
  const outputs: Array<OpSignature["inputs"][number]> = []
  for (const [field, value] of fields(bytes)) {
    if (field !== 2 && field !== 3) continue
    let entry: OpSignature["inputs"][number] = 1
    for (const [inner, name] of fields(value)) {
      if (inner === 5 && name.length > 0) entry = { count: Buffer.from(name).toString() }
      if (inner === 6 && name.length > 0) entry = { types: Buffer.from(name).toString() }
    }
    ;(field === 2 ? inputs : outputs).push(entry)
  }
  return { inputs, outputs, inputCount: inputs.every((entry) => entry === 1) ? inputs.length : -1 }
}

/** A protocol buffer's length-delimited fields; others are stepped over. */
function* fields(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wire = tag & 7
    if (wire === 0) varint()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else {
      const length = varint()
      yield [tag >>> 3, bytes.subarray(at, at + length)]
      at += length
    }
  }
}

/**
 * How many inputs an operation takes with these attributes. A list whose length no attribute states is taken to be as
 * long as what was given, as long as the inputs before it are there.
 */
export const expectedInputs = (
  signature: OpSignature,
  attributes: ReadonlyArray<{ readonly name: string; readonly value: unknown }>,
  given: number,
): number => {
  let expected = 0
  for (const input of signature.inputs) {
    if (input === 1) {
      expected += 1
      continue
    }
    const name = "count" in input ? input.count : input.types
    const value = attributes.find((attribute) => attribute.name === name)?.value
    if (value !== undefined) expected += Array.isArray(value) ? value.length : Number(value)
    else if (given >= expected) return given
  }
  return expected
}
