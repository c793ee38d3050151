// Loaded into every process of a run: counts what each does to files, and ends the whole process group with SIGKILL
// at a chosen moment. A write is torn: half of its bytes are there when the group dies.
//
// CRASH_TRACE  a file that takes one line for each operation, counted by its name: `child 12 renameSync /place`
// CRASH_AT     `child:12:renameSync` (or `engine:…`): die just before the 12th renameSync of that process
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

const role = process.env["SLUICE_CHILD"] === "1" ? "child" : "engine"
const [wanted, at, operation] = (process.env["CRASH_AT"] ?? "").split(":")
const trace = process.env["CRASH_TRACE"]
const counts = new Map()
let busy = false

const isStore = (value) =>
  typeof value === "string" && value.includes("/.sluice/") && !value.includes("/bundles/")
const anyPlace = (args) => args.some(isStore)

const { openSync, writeSync, closeSync } = fs
const append = (path, text) => {
  const file = openSync(path, "a")
  writeSync(file, text)
  closeSync(file)
}

/** Notes an operation; returns true where the group must die in it. */
const dies = (name, args) => {
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  if (trace !== undefined) append(trace, `${role} ${count} ${name} ${args.filter(isStore).join(" ")}\n`)
  return role === wanted && name === operation && count === Number(at)
}
const die = () => process.kill(0, "SIGKILL")

const synchronous = (name, concerns, tear) => {
  const original = fs[name]
  fs[name] = (...args) => {
    // Functions of fs call one another.
    if (busy || !concerns(args)) return original(...args)
    busy = true
    try {
      if (dies(name, args)) {
        tear?.(original, args)
        die()
      }
      return original(...args)
    } finally {
      busy = false
    }
  }
}
for (const name of [
  "mkdirSync",
  "renameSync",
  "rmSync",
  "unlinkSync",
  "linkSync",
  "chmodSync",
  "copyFileSync",
]) {
  synchronous(name, anyPlace)
}
synchronous("fsyncSync", () => true)
synchronous(
  "writeSync",
  ([descriptor]) => descriptor > 2,
  (write, [descriptor, bytes]) => {
    if (typeof bytes !== "string") write(descriptor, bytes.subarray(0, bytes.length >> 1))
  },
)
synchronous("writeFileSync", anyPlace, (write, [path, bytes, options]) => {
  write(path, bytes.slice(0, bytes.length >> 1), options)
})
synchronous("appendFileSync", anyPlace, (append, [path, text]) =>
  append(path, text.slice(0, text.length >> 1)),
)

for (const name of ["rename", "copyFile", "rm", "mkdir", "chmod"]) {
  const original = fs.promises[name]
  fs.promises[name] = (...args) => {
    if (anyPlace(args) && dies(name, args)) die()
    return original(...args)
  }
}
const open = fs.promises.open
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest)
  if (!isStore(path)) return handle
  const { writeFile, sync } = handle
  handle.writeFile = async (bytes, ...more) => {
    if (dies("writeFile", [path])) {
      await writeFile.call(handle, bytes.slice(0, bytes.length >> 1))
      die()
    }
    return writeFile.call(handle, bytes, ...more)
  }
  handle.sync = () => {
    if (dies("sync", [path])) die()
    return sync.call(handle)
  }
  return handle
}
syncBuiltinESMExports()
