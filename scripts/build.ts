/**
 * Compiles every package for publishing, into its own `dist`: JavaScript modules with source maps, and declarations.
 *
 *     pnpm build
 *
 * What is published beside them is the TypeScript source, under the export condition `@sluice/source`: code identity
 * is taken from it, so that a step has the same key in this workspace and wherever the packages are installed.
 */
import * as esbuild from "esbuild"
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = fileURLToPath(new URL("..", import.meta.url))

/** Why the packages could not be compiled. */
export class BuildFailed extends Error {}

/** The packages that are published. */
export const packages: ReadonlyArray<string> = readdirSync(join(repository, "packages")).toSorted()

/** Relative imports name the TypeScript file; the compiled one has another extension. */
const compiledNames: esbuild.Plugin = {
  name: "compiled names",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) => {
      if (kind === "entry-point") return undefined
      const local = path.startsWith("../src/") ? path.replace("../src/", "./") : path
      return { path: local.startsWith(".") ? local.replace(/\.ts$/, ".js") : path, external: true }
    })
  },
}

/** One JavaScript file for each source file, and the package's commands. */
const javaScript = async (name: string): Promise<void> => {
  const folder = join(repository, "packages", name)
  const sources = globSync("src/**/*.ts", { cwd: folder }).filter((file) => !file.endsWith(".d.ts"))
  const commands = globSync("bin/*.js", { cwd: folder })
  const shared: esbuild.BuildOptions = {
    absWorkingDir: folder,
    outdir: "dist",
    bundle: true,
    plugins: [compiledNames],
    format: "esm",
    platform: "node",
    target: "node24",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
  }
  await esbuild.build({ ...shared, entryPoints: sources.toSorted(), outbase: "src" })
  if (commands.length > 0)
    await esbuild.build({ ...shared, entryPoints: commands, outbase: "bin", sourcemap: false })
}

/**
 * Declarations of all packages in one run of the compiler. A type of another package that a declaration has to spell
 * out is named by its module (`@sluice/core/Errors`), which the published packages export as types.
 */
const declarations = (): void => {
  const out = mkdtempSync(join(tmpdir(), "sluice-declarations-"))
  const config = join(repository, `tsconfig.${process.pid}.json`)
  const modules = packages.map((name) => [`@sluice/${name}/*`, [`./packages/${name}/src/*.ts`]])
  try {
    writeFileSync(
      config,
      JSON.stringify({
        extends: "./tsconfig.base.json",
        compilerOptions: {
          noEmit: false,
          noCheck: true,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: "packages",
          outDir: out,
          paths: Object.fromEntries(modules),
        },
        include: ["packages/*/src"],
      }),
    )
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" })
    if (status !== 0) throw new BuildFailed(`The declarations cannot be written.\n${stdout}`)
    for (const name of packages) {
      const from = join(out, name, "src")
      for (const file of globSync("**/*.d.ts", { cwd: from })) {
        const text = readFileSync(join(from, file), "utf8")
        const renamed = text.replaceAll(/((?:\bfrom|\bimport\()\s*"\.[^"]*)\.ts"/g, '$1.js"')
        writeFileSync(join(from, file), renamed)
      }
      cpSync(from, join(repository, "packages", name, "dist"), { recursive: true })
    }
  } finally {
    rmSync(config, { force: true })
    rmSync(out, { recursive: true, force: true })
  }
}

/** Compiles all packages. Whether they type-check is for `pnpm types` to say. */
export const build = async (): Promise<void> => {
  for (const name of packages) {
    const dist = join(repository, "packages", name, "dist")
    if (existsSync(dist)) rmSync(dist, { recursive: true })
    await javaScript(name)
  }
  declarations()
}

if (import.meta.main) {
  try {
    await build()
    console.log(`Compiled ${packages.map((name) => `packages/${name}/dist`).join(", ")}`)
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
