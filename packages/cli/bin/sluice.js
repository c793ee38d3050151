#!/usr/bin/env node
// Plain JavaScript that old Nodes can load too: it must be able to say that this one is too old. Compiled code is
// cached before anything else is imported, so that a later start neither compiles nor strips types.
import * as module from "node:module"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

const wanted = 24

/** The user's cache folder of Sluice: SLUICE_CACHE, or the platform's own place for caches. */
const cacheFolder = () => {
  const { SLUICE_CACHE: own, XDG_CACHE_HOME: caches } = process.env
  if (own) return resolve(own)
  if (caches) return join(caches, "sluice")
  return process.platform === "darwin"
    ? join(homedir(), "Library", "Caches", "sluice")
    : join(homedir(), ".cache", "sluice")
}

if (Number(process.versions.node.split(".")[0]) < wanted) {
  process.stderr.write(
    `Sluice needs Node ${wanted} or newer and this is Node ${process.versions.node}: ` +
      `install Node ${wanted}, or run the command inside npx -y -p node@${wanted} -c "…".\n`,
  )
  process.exitCode = 2
} else {
  const cache = cacheFolder()
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(cache, "compiled"))
  const { launch } = await import("../src/launch.ts")
  await launch(process.argv.slice(2), cache)
}
