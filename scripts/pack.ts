/**
 * Compiles the packages and packs each as the file that a registry would serve, into `dist/tarballs`.
 *
 *     pnpm tarballs
 *
 * pnpm writes the published manifests: `publishConfig` gives the exports, and `catalog:` and `workspace:` become the
 * versions that they stand for.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, BuildFailed, packages } from "./build.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))

/** Packs into a folder, emptied before; returns the paths of the tarballs. */
export const pack = async (folder: string): Promise<ReadonlyArray<string>> => {
  await build()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of packages) {
    const packed = spawnSync("pnpm", ["pack", "--pack-destination", folder], {
      cwd: join(repository, "packages", name),
      encoding: "utf8",
      env: { ...process.env, pnpm_config_verify_deps_before_run: "false" },
    })
    if (packed.status !== 0)
      throw new BuildFailed(
        `pnpm pack failed in packages/${name}.\n${packed.error?.message ?? packed.stdout + packed.stderr}`,
      )
  }
  return readdirSync(folder)
    .toSorted()
    .map((file) => join(folder, file))
}

if (import.meta.main) {
  try {
    for (const file of await pack(join(repository, "dist/tarballs")))
      console.log(`${file}  ${Math.ceil(statSync(file).size / 1024)} KiB`)
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
