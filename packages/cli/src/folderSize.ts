/**
 * Bytes and files of a folder.
 */
import { lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"

export interface FolderSize {
  readonly path: string
  readonly sizeBytes: number
  readonly files: number
}

/** Links are not followed; what vanishes meanwhile counts nothing. A folder that is not there is empty. */
export const folderSize = (path: string): FolderSize => {
  let sizeBytes = 0
  let files = 0
  let entries
  try {
    entries = readdirSync(path, { withFileTypes: true, recursive: true })
  } catch {
    return { path, sizeBytes, files }
  }
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const stat = lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (stat === undefined) continue
    sizeBytes += stat.size
    files++
  }
  return { path, sizeBytes, files }
}
