/**
 * Order of a graph, or the path of a cycle in it. `producers[i]` lists the nodes that node i reads.
 */

/** Every node after its producers, otherwise in the order given; `undefined` when there is a cycle. */
export const topologicalOrder = (
  producers: ReadonlyArray<ReadonlyArray<number>>,
): ReadonlyArray<number> | undefined => {
  const state = new Uint8Array(producers.length)
  const order: Array<number> = []
  for (let root = 0; root < producers.length; root++) {
    const stack: Array<[node: number, next: number]> = [[root, 0]]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      const [node, next] = top
      if (next === 0) {
        if (state[node] === 2) {
          stack.pop()
          continue
        }
        if (state[node] === 1) return undefined
        state[node] = 1
      }
      const producer = producers[node]![next]
      if (producer === undefined) {
        state[node] = 2
        order.push(node)
        stack.pop()
      } else {
        top[1]++
        if (state[producer] === 1) return undefined
        if (state[producer] === 0) stack.push([producer, 0])
      }
    }
  }
  return order
}

/** A shortest cycle through the first node that lies on one, in the direction in which data flows. */
export const findCycle = (producers: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  for (let start = 0; start < producers.length; start++) {
    const towards = new Map<number, number>()
    const queue = [start]
    for (const node of queue) {
      for (const producer of producers[node]!) {
        if (producer === start) {
          const path = [start]
          // From the last producer found back to where the search began: each entry feeds the next.
          for (let at = node; at !== start; at = towards.get(at)!) path.push(at)
          return path
        }
        if (!towards.has(producer)) {
          towards.set(producer, node)
          queue.push(producer)
        }
      }
    }
  }
  return []
}
