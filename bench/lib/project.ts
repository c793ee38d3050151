/** A pipeline's project, with Sluice's packages as this repository has them. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const repository = path.resolve(import.meta.dirname, "../..")

/** The `sluice` command of this repository. */
export const launcher = path.join(repository, "packages/cli/bin/sluice.js")

/** Where the review sentences lie that every benchmark with real text takes. */
const reviewsFolder = path.join(repository, "pipelines/node_modules/sentiment/test/fixtures")

/** Files by name, in a temporary folder; the caller removes it. */
export const make = (name: string, files: Readonly<Record<string, string>>): string => {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `sluice-${name}-`)))
  fill(root, name, files)
  return root
}

/** Makes an empty folder such a project. */
export const fill = (root: string, name: string, files: Readonly<Record<string, string>>): void => {
  fs.mkdirSync(path.join(root, "node_modules/@sluice"), { recursive: true })
  for (const part of ["core", "steps"])
    fs.symlinkSync(path.join(repository, "packages", part), path.join(root, "node_modules/@sluice", part))
  fs.symlinkSync(
    fs.realpathSync(path.join(repository, "node_modules/effect")),
    path.join(root, "node_modules/effect"),
  )
  const all = { "package.json": JSON.stringify({ name, private: true, type: "module" }), ...files }
  for (const [file, text] of Object.entries(all)) fs.writeFileSync(path.join(root, file), text)
}

export interface Review {
  readonly text: string
  /** 1 for praise; null for what is no review. */
  readonly class: number | null
}

/** All review sentences, as the files have them. */
export const reviews = (): ReadonlyArray<Review> =>
  ["amazon", "imdb", "yelp"].flatMap(
    (name) =>
      JSON.parse(fs.readFileSync(path.join(reviewsFolder, `${name}.json`), "utf8")) as ReadonlyArray<Review>,
  )

/** Copies the review sentences into the project's folder `data`. */
export const addReviews = (root: string): void =>
  fs.cpSync(reviewsFolder, path.join(root, "data"), {
    recursive: true,
    dereference: true,
    filter: (file) => fs.statSync(file).isDirectory() || /(amazon|imdb|yelp)\.json$/.test(file),
  })
