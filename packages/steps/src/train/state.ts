/** Names and lengths of the arrays in a packed state, in their order. */
export type Index = ReadonlyArray<readonly [name: string, length: number]>

/** Arrays of numbers by name as one run of little-endian float32 values, and where each is in it. */
export const pack = (
  parts: ReadonlyMap<string, Float32Array>,
): { readonly index: Index; readonly bytes: Uint8Array } => {
  const index = Array.from(parts, ([name, values]) => [name, values.length] as const)
  const all = new Float32Array(index.reduce((sum, [, length]) => sum + length, 0))
  let at = 0
  for (const values of parts.values()) {
    all.set(values, at)
    at += values.length
  }
  return { index, bytes: new Uint8Array(all.buffer) }
}

/** What `pack` packed. Throws a RangeError when the bytes are not as long as the index says. */
export const unpack = (index: Index, bytes: Uint8Array): ReadonlyMap<string, Float32Array> => {
  const length = index.reduce((sum, [, count]) => sum + count, 0)
  if (bytes.byteLength !== length * 4) {
    throw new RangeError(`The saved state has ${bytes.byteLength} bytes; its index asks for ${length * 4}.`)
  }
  // A copy, because a view of the bytes might not be aligned; a Buffer's own slice would be a view of its pool.
  const all = new Float32Array(Uint8Array.from(bytes).buffer)
  let at = 0
  return new Map(index.map(([name, count]) => [name, all.subarray(at, (at += count))]))
}
