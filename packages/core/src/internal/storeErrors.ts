/**
 * What the file system said, as the store says it.
 */
import * as Errors from "../Errors.ts"

type Operation = Errors.StoreError["operation"]

export const storeError = (operation: Operation, place: string, error: unknown): Errors.StoreError => {
  const { code, message } = error as NodeJS.ErrnoException
  const kind = kindOf(code)
  return new Errors.StoreError({
    operation,
    place,
    kind,
    reason: reasons[code ?? ""] ?? message ?? String(error),
    hint: hints[kind],
  })
}

export const missing = (digest: string): Errors.StoreError =>
  new Errors.StoreError({
    operation: "read",
    place: digest,
    kind: "missing",
    reason: "there is no such blob",
    hint: hints.missing,
  })

export const damaged = (place: string, found: string): Errors.StoreError =>
  new Errors.StoreError({
    operation: "read",
    place,
    kind: "damaged",
    reason: `its bytes have digest ${found.slice(0, 12)}; the blob was removed`,
    hint: hints.damaged,
  })

const kindOf = (code: string | undefined): Errors.StoreError["kind"] => {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return "full"
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "denied"
    case "ENOENT":
      return "missing"
    default:
      return "failed"
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk (ENOSPC)",
  EDQUOT: "the disk quota is used up (EDQUOT)",
  EFBIG: "the file would be larger than this process may write (EFBIG)",
  EACCES: "permission denied (EACCES)",
  EPERM: "operation not permitted (EPERM)",
  EROFS: "the file system is read-only (EROFS)",
}

const hints: Readonly<Record<Errors.StoreError["kind"], string>> = {
  full: "Free some space (`sluice gc` removes what no run needs) and run again. Nothing partial was kept.",
  denied:
    "Make the folder writable for this user, or run in a copy of the project. Nothing partial was kept.",
  missing: "Run the step that made it again.",
  damaged: "Run again: the step that made it will run once more.",
  failed: "Run again; if it fails again, `sluice doctor --store` checks the whole store.",
}
