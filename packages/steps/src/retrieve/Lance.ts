/** LanceDB, the embedded database that searches. It weighs 180 MB, so projects that search install it themselves. */
import { Errors } from "@sluice/core"
import type * as LanceDb from "@lancedb/lancedb"
import * as Data from "effect/Data"

/** The version that this code was written for. */
export const version = "0.37.1"

/** Rejects with LanceMissing. */
export const load = async (): Promise<typeof LanceDb> => {
  try {
    return await import("@lancedb/lancedb")
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const absent = code === "ERR_MODULE_NOT_FOUND" && message.includes("'@lancedb/lancedb'")
    throw new LanceMissing({ reason: absent ? "it is not installed" : (message.split("\n")[0] ?? "") })
  }
}

/** LanceDB is not there, or not for this machine. */
export class LanceMissing extends Data.TaggedError("LanceMissing")<{ readonly reason: string }> {
  override get message(): string {
    return Errors.structured(
      "Passages are searched by LanceDB, which cannot be loaded.",
      { Package: `@lancedb/lancedb@${version}`, Reason: this.reason },
      `Install it in this project: npm install @lancedb/lancedb@${version}`,
    )
  }
}
