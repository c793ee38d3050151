// Loaded into a run that may execute nothing: every step that needs a process of its own fails.
import childProcess from "node:child_process"
import { syncBuiltinESMExports } from "node:module"

for (const name of ["spawn", "fork", "exec", "execFile", "spawnSync", "execFileSync"]) {
  childProcess[name] = () => {
    throw new Error("poisoned: a step was executed")
  }
}
syncBuiltinESMExports()
