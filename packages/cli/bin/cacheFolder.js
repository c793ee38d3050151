import { homedir } from "node:os"
import { join } from "node:path"

/** The user's cache folder of Sluice: SLUICE_CACHE, or the platform's own place for caches. */
export const cacheFolder = (env = process.env, platform = process.platform) => {
  if (env.SLUICE_CACHE) return env.SLUICE_CACHE
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "sluice")
  return platform === "darwin" ? join(homedir(), "Library", "Caches", "sluice") : join(homedir(), ".cache", "sluice")
}

/** Where V8 keeps compiled code between runs. NODE_COMPILE_CACHE points elsewhere. */
export const compileCacheFolder = () => process.env.NODE_COMPILE_CACHE ?? join(cacheFolder(), "compiled")
