/** The part of yauzl 3 that is used here; the package carries no types. */
declare module "yauzl" {
  import type { Readable } from "node:stream"

  export interface Entry {
    readonly fileName: string
    readonly uncompressedSize: number
  }

  export interface ZipFile {
    readonly eachEntry: () => AsyncIterable<Entry>
    readonly openReadStreamPromise: (entry: Entry) => Promise<Readable>
    readonly close: () => void
  }

  export const openPromise: (path: string, options: { readonly autoClose: boolean }) => Promise<ZipFile>
}
