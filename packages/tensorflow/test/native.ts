/** The native library for tests: the located one, with two threads, opened once in a process. */
import * as Binding from "../src/Binding.ts"
import { LibraryMissing } from "../src/Errors.ts"
import * as Library from "../src/Library.ts"

export const threads = 2

export const open = (): Binding.Binding => {
  const library = Library.find()
  if (library instanceof LibraryMissing) throw library
  return Binding.open(library.path, { threads, device: "cpu" })
}
