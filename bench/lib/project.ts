/** A pipeline's project in a temporary folder, with Sluice's packages as this repository has them. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const repository = path.resolve(import.meta.dirname, "../..")

/** The `sluice` command of this repository. */
export const launcher = path.join(repository, "packages/cli/bin/sluice.js")

/** The review sentences that every benchmark with real text takes. */
const reviews = path.join(repository, "pipelines/node_modules/sentiment/test/fixtures")

/** Files by name; the caller removes the folder. */
export const make = (name: string, files: Readonly<Record<string, string>>): string => {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `sluice-${name}-`)))
  fs.mkdirSync(path.join(root, "node_modules/@sluice"), { recursive: true })
  for (const part of ["core", "steps"])
    fs.symlinkSync(path.join(repository, "packages", part), path.join(root, "node_modules/@sluice", part))
  fs.symlinkSync(
    fs.realpathSync(path.join(repository, "node_modules/effect")),
    path.join(root, "node_modules/effect"),
  )
  const all = { "package.json": JSON.stringify({ name, private: true, type: "module" }), ...files }
  for (const [file, text] of Object.entries(all)) fs.writeFileSync(path.join(root, file), text)
  return root
}

/** Copies the review sentences into the project's folder `data`. */
export const addReviews = (root: string): void =>
  fs.cpSync(reviews, path.join(root, "data"), {
    recursive: true,
    dereference: true,
    filter: (file) => fs.statSync(file).isDirectory() || /(amazon|imdb|yelp)\.json$/.test(file),
  })
