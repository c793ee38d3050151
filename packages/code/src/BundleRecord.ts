/** What was bundled, from which files, and whether that still holds. */

/** The program to bundle: a stub that imports the command's main, the engine and the user's pipeline. */
export interface BundleOptions {
  /** Folder of the user's nearest package.json. */
  readonly root: string
  /** The entry stub's text; it may import absolute paths. */
  readonly entry: { readonly contents: string; readonly resolveDir: string }
  /** Where bundles are kept; `<root>/.sluice/bundles` by default. */
  readonly folder?: string
  /** Packages left outside the bundle and loaded by absolute file URL, beside the built-in list. */
  readonly external?: ReadonlyArray<string>
}

export interface Bundle {
  /** Absolute path of the program's first module. */
  readonly main: string
  readonly folder: string
  readonly digest: string
}

/** The cached bundle if every file it was made from is as it was, by stat calls alone. */
export const checkBundle = (_options: BundleOptions): Bundle | undefined => undefined
