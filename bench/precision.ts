/**
 * What must execute again after an edit, and what must not: edits that a stranger would try on two projects, each on a
 * fresh cached copy. Under npm's layout through the real commands; under pnpm's, and from folders other
 * than the one where the cache was filled, in one process under the module hook.
 *
 *   pnpm bench precision [--layout npm,pnpm,moved] [--by process|commands] [--only TEXT] [--short] [--peers no|dvc|redun|…]
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { corners } from "./precision/corners.ts"
import type { Edit } from "./precision/Edit.ts"
import { edits } from "./precision/edits.ts"
import { inOneProcess } from "./precision/inOneProcess.ts"
import { peerTable } from "./precision/peers.ts"
import { type Layout, make, type ProjectName, sluice, temporary } from "./precision/Project.ts"
import { byCommands, isRight, type Trial } from "./precision/trial.ts"

/** How a layout is installed, and how its edits are tried. */
const layouts: Readonly<Record<string, { readonly layout: Layout; readonly commands: boolean }>> = {
  npm: { layout: "npm", commands: true },
  pnpm: { layout: "pnpm", commands: false },
  moved: { layout: "npm", commands: false },
  plain: { layout: "plain", commands: false },
}

const benchmark = {
  title: "Edits on cached projects: what executes again, and what `why` says",
  run: async (options: Readonly<Record<string, string>>) => {
    const chosen = [...edits, ...corners].filter(
      (edit) =>
        (options["only"] === undefined || edit.title.includes(options["only"])) &&
        (options["short"] === undefined || edit.short),
    )
    const results = []
    for (const layout of (options["layout"] ?? "npm,pnpm,moved").split(",")) {
      results.push(await suite(layout, chosen, options["by"]))
    }
    const peers = options["peers"] === "no" ? undefined : await peerTable(options["peers"])
    return { layouts: results, ...(peers === undefined ? {} : { peers }) }
  },
}

const suite = async (name: string, chosen: ReadonlyArray<Edit>, by?: string) => {
  const { layout, commands: usual } = layouts[name]!
  const commands = by === undefined ? usual : by === "commands"
  const root = temporary()
  try {
    const trials: Array<Trial> = []
    const add = (one: Trial) => {
      trials.push(one)
      console.error(`${name.padEnd(7)}${isRight(one) ? "ok    " : "WRONG "}${one.title}${shown(one)}`)
    }
    for (const project of ["shop", "corners"] as const) {
      const own = chosen.filter((edit) => edit.project === project)
      if (own.length === 0) continue
      const { first, cached } = await fill(path.join(root, project), project, layout)
      // By commands, the copy stands where the cache was filled.
      if (commands) for (const edit of own) add(await byCommands(edit, cached, first))
      else for (const one of inOneProcess(own, cached)) add(one)
    }
    const musts = new Set(chosen.filter((edit) => edit.runs.length > 0).map((edit) => edit.title))
    const must = trials.filter((one) => musts.has(one.title))
    const named = must.filter((one) => one.misnamed.length === 0 && one.error === undefined)
    const count = (of: (one: Trial) => ReadonlyArray<string>) =>
      trials.filter((one) => of(one).length > 0).length
    const summary = {
      layout: name,
      by: commands ? "commands" : "one process",
      edits: trials.length,
      mustRerun: must.length,
      missed: count((one) => [...one.missed, ...one.stale]),
      needless: count((one) => one.needless),
      unplanned: count((one) => one.unplanned),
      whyRight: named.length,
      errors: trials.filter((one) => one.error !== undefined).length,
    }
    console.error(
      `${name}: ${summary.edits} edits, ${summary.mustRerun} must rerun; ${summary.missed} missed, ` +
        `${summary.needless} needless, ${summary.unplanned} not in the plan, why right ${named.length} of ${must.length}`,
    )
    return { ...summary, wrong: trials.filter((one) => !isRight(one)) }
  } finally {
    fs.rmSync(root, { recursive: true, force: true })
  }
}

/** A project whose steps have all been executed: where they were, and where it lies now. */
const fill = async (root: string, project: ProjectName, layout: Layout) => {
  const first = path.join(root, "first")
  fs.mkdirSync(root)
  make(first, layout, project)
  const filled = await sluice(first, ["run", "pipeline.ts"])
  if (filled.code !== 0) throw new Error(`${filled.stdout}${filled.stderr}`)
  const cached = path.join(root, "cached")
  fs.renameSync(first, cached)
  return { first, cached }
}

const shown = (one: Trial): string => {
  const parts = (["missed", "needless", "stale", "unplanned", "misnamed"] as const).flatMap((name) =>
    one[name].length === 0 ? [] : [`${name} ${one[name].join(" | ")}`],
  )
  return [...parts, ...(one.error === undefined ? [] : [one.error])]
    .map((text) => `\n         ${text}`)
    .join("")
}

export default benchmark
