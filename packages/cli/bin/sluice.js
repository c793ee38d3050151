#!/usr/bin/env node
// Plain JavaScript that any Node can parse: it must be able to say that this Node is too old.
import { enableCompileCache } from "node:module"
import { compileCacheFolder } from "./cacheFolder.js"

const wanted = 24
const major = Number(process.versions.node.split(".")[0])
if (major < wanted) {
  process.stderr.write(
    `Sluice needs Node ${wanted} or newer and this is Node ${process.versions.node}: ` +
      `put npx -y -p node@${wanted} -c "…" around the command, or install Node ${wanted}.\n`,
  )
  process.exitCode = 2
} else {
  enableCompileCache?.(compileCacheFolder())
  const { launch } = await import("../src/launch.ts")
  await launch(process.argv.slice(2))
}
