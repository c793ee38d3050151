// Loaded first in the process of a strict run's step. Node's permission model refuses files, programs and worker
// threads; this adds the network, and remembers every refusal, so that one which the code swallows still counts.
// Plain JavaScript, since Node strips no types from files in packages.
import childProcess from "node:child_process"
import dgram from "node:dgram"
import diagnostics from "node:diagnostics_channel"
import dns from "node:dns"
import fs from "node:fs"
import http2 from "node:http2"
import { syncBuiltinESMExports } from "node:module"
import net from "node:net"
import sqlite from "node:sqlite"

/** @type {Array<{ what: string, target: string, stack: string }>} What was used so far. */
const uses = []
/** @type {Map<string, string>} Streams open their files later: where each was asked for. */
const streams = new Map()
let tells = true

Error.stackTraceLimit = 50

const stackHere = (below) => {
  const held = {}
  Error.captureStackTrace(held, below)
  return held.stack
}

const note = (what, target, stack) => {
  if (tells && !uses.some((use) => use.what === what && use.target === target && use.stack === stack))
    uses.push({ what, target, stack })
}

const kinds = {
  FileSystemRead: "reads a file",
  FileSystemWrite: "writes a file",
  ChildProcess: "starts a program",
  WorkerThreads: "starts a thread",
  Addon: "loads native code",
  WASI: "uses WASI",
  Inspector: "opens the inspector",
}
const onRefusal = ({ permission, resource, drop }) => {
  if (drop === true) return
  const stack = stackHere(onRefusal)
  // Code that asks whether it may do something does not do it.
  if (stack.includes("(node:internal/process/permission:")) return
  note(kinds[permission] ?? permission, resource, streams.get(resource) ?? stack)
}
for (const name of ["fs", "child", "worker", "addon", "wasi", "inspector", "net"])
  diagnostics.subscribe(`node:permission-model:${name}`, onRefusal)

class Refused extends Error {
  code = "ERR_ACCESS_DENIED"
}

const refuse = (what, target, below) => {
  note(what, target, stackHere(below))
  throw new Refused(`A strict run refuses this: the step ${what} (${target}).`)
}

/** Puts `make(original)` in the place of a function, with the original's own properties. */
const wrap = (holder, name, make) => {
  const original = holder[name]
  if (typeof original !== "function") return
  const wrapped = make(original)
  Object.defineProperties(wrapped, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
  })
  Object.defineProperty(holder, name, { value: wrapped, writable: true, configurable: true })
}

const network = "uses the network"
const endpoint = (args) => {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  if (typeof first === "object" && first !== null)
    return first.path ?? `${first.host ?? first.hostname ?? "localhost"}:${first.port ?? ""}`
  return typeof first === "number" || /^\d+$/.test(first)
    ? `${typeof second === "string" ? second : "localhost"}:${first}`
    : String(first)
}
const refusing = (holder, names, target) => {
  for (const name of names)
    wrap(holder, name, () => {
      const refused = function (...args) {
        return refuse(network, target(args), refused)
      }
      return refused
    })
}
refusing(net.Socket.prototype, ["connect"], endpoint)
refusing(net.Server.prototype, ["listen"], (args) => `listens at ${endpoint(args)}`)
refusing(dgram, ["createSocket"], () => "a datagram socket")
refusing(http2, ["connect"], ([authority]) => String(authority))
const lookups = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name))
for (const holder of [dns, dns.promises]) refusing(holder, lookups, ([name]) => `the address of ${name}`)
for (const Resolver of [dns.Resolver, dns.promises.Resolver]) {
  refusing(
    Resolver.prototype,
    lookups.filter((name) => name in Resolver.prototype),
    ([name]) => `the address of ${name}`,
  )
}
const fetching = (input) => {
  const url = typeof input === "string" ? input : (input?.url ?? String(input))
  return refuse(network, url, fetching)
}
// What fetch is promised to do with every failure: reject.
globalThis.fetch = async function fetch(input) {
  return fetching(input)
}
for (const name of ["WebSocket", "EventSource"]) {
  if (globalThis[name] === undefined) continue
  globalThis[name] = function opened(url) {
    refuse(network, String(url), opened)
  }
}

for (const name of ["createReadStream", "createWriteStream"]) {
  wrap(fs, name, (original) => {
    const opened = function (path, ...rest) {
      streams.set(String(path), stackHere(opened))
      return original.call(this, path, ...rest)
    }
    return opened
  })
}

// Programs that are run without a shell of their own are refused inside, with no word on the channel in some versions.
for (const name of ["spawn", "spawnSync", "execFile", "execFileSync", "exec", "execSync", "fork"]) {
  wrap(childProcess, name, () => {
    const refused = function (command) {
      return refuse(kinds.ChildProcess, String(command), refused)
    }
    return refused
  })
}

// SQLite opens its files by itself, and its module's exports cannot be replaced: nothing is read or written through them.
for (const name of ["exec", "prepare", "createSession", "applyChangeset"]) {
  wrap(sqlite.DatabaseSync.prototype, name, (original) => {
    const checked = function (...args) {
      const file = this.location()
      if (file !== null && !process.permission.has("fs.read", file))
        refuse(kinds.FileSystemRead, file, checked)
      return original.apply(this, args)
    }
    return checked
  })
}
syncBuiltinESMExports()

globalThis[Symbol.for("@sluice/strict")] = {
  /** Forgets what loading the pipeline used, and takes back what was allowed for loading alone. */
  begin(files) {
    tells = false
    for (const file of files) process.permission.drop?.("fs.read", file)
    uses.length = 0
    tells = true
  },
  uses: () => uses,
}
