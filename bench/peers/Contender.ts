/** One engine on the layered graph: how its project is written, and the command that runs it. */
import type { Command } from "../lib/processTree.ts"

export interface Contender {
  readonly name: string
  /** What decides that a step may be skipped, in a few words for the table. */
  readonly keys: string
  /** Graphs larger than this take minutes to fill, or to check, and are left out. */
  readonly largest: number
  /** Writes the project for `steps` steps into `folder` and gives the command that both fills and checks it. */
  readonly prepare: (folder: string, steps: number) => Promise<Command> | Command
}

/**
 * The graph that all run: layers of `width` steps, each reading two outputs of the layer before (the roots none),
 * each writing 64 bytes.
 */
export const width = 100

export interface Node {
  readonly name: string
  readonly reads: ReadonlyArray<string>
}

export const layered = (steps: number): ReadonlyArray<Node> =>
  Array.from({ length: steps }, (_, index) => {
    const layer = Math.floor(index / width)
    const place = index % width
    return {
      name: `n_${layer}_${place}`,
      reads: layer === 0 ? [] : [`n_${layer - 1}_${place}`, `n_${layer - 1}_${(place + 1) % width}`],
    }
  })

/** The last layer: what a run asks for. */
export const leaves = (steps: number): ReadonlyArray<string> =>
  layered(steps)
    .slice(-Math.min(width, steps))
    .map((node) => node.name)
