import { describe, expect, it } from "vitest"
import * as Lockfile from "../src/Lockfile.ts"

const found = (name: string, text: string): Record<string, string> =>
  Object.fromEntries(Lockfile.read(name, text))

describe("the integrity of packages is read from", () => {
  it("pnpm-lock.yaml, with patches and packages from elsewhere", () => {
    const text = `lockfileVersion: '9.0'

patchedDependencies:
  '@scope/b@2.0.0':
    hash: abc123
    path: patches/b.patch
  c@3.0.0: def456

packages:

  a@1.0.0:
    resolution: {integrity: sha512-AAAA}
    engines: {node: '>=18'}

  '@scope/b@2.0.0':
    resolution: {integrity: sha512-BBBB}

  c@3.0.0:
    resolution: {integrity: sha512-CCCC}

  d@https://example.org/d.tgz:
    resolution: {tarball: https://example.org/d.tgz}
    version: 4.0.0

snapshots:

  a@1.0.0: {}
`
    expect(found("pnpm-lock.yaml", text)).toEqual({
      "a@1.0.0": "sha512-AAAA",
      "@scope/b@2.0.0": "sha512-BBBB patch:abc123",
      "c@3.0.0": "sha512-CCCC patch:def456",
      "d@https://example.org/d.tgz": "tarball: https://example.org/d.tgz",
      "d@4.0.0": "tarball: https://example.org/d.tgz",
    })
  })

  it("package-lock.json", () => {
    const text = JSON.stringify({
      lockfileVersion: 3,
      packages: {
        "": { name: "project", version: "0.0.1" },
        "node_modules/a": { version: "1.0.0", resolved: "x", integrity: "sha512-AAAA" },
        "node_modules/a/node_modules/@scope/b": { version: "2.0.0", integrity: "sha512-BBBB" },
        "node_modules/alias": { name: "real", version: "3.0.0", integrity: "sha512-CCCC" },
        "node_modules/git": { version: "4.0.0", resolved: "git+ssh://example.org/x#abc" },
      },
    })
    expect(found("package-lock.json", text)).toEqual({
      "a@1.0.0": "sha512-AAAA",
      "@scope/b@2.0.0": "sha512-BBBB",
      "real@3.0.0": "sha512-CCCC",
      "git@4.0.0": "git+ssh://example.org/x#abc",
    })
  })

  it("yarn.lock, version 1", () => {
    const text = `# yarn lockfile v1


a@^1.0.0, a@^1.0.1:
  version "1.0.2"
  resolved "https://example.org/a.tgz#0"
  integrity sha512-AAAA

"@scope/b@2.0.0":
  version "2.0.0"
  integrity sha512-BBBB

"other@npm:@scope/c@^3.0.0":
  version "3.0.1"
  integrity sha512-CCCC

"dashes@1.0.0", "dashes@file:./archives/dashes-1.0.0.tgz":
  version "1.0.0"
  resolved "file:./archives/dashes-1.0.0.tgz#3a4349d4873df87cb200f86fcca183b474e00e63"
`
    expect(found("yarn.lock", text)).toEqual({
      "a@1.0.2": "sha512-AAAA",
      "@scope/b@2.0.0": "sha512-BBBB",
      "@scope/c@3.0.1": "sha512-CCCC",
      "dashes@1.0.0": "3a4349d4873df87cb200f86fcca183b474e00e63",
    })
  })

  it("yarn.lock of later versions, with patches", () => {
    const text = `__metadata:
  version: 8

"@scope/b@npm:^2.0.0":
  version: 2.0.1
  resolution: "@scope/b@npm:2.0.1"
  checksum: 10c0/bbbb
  languageName: node

"c@patch:c@npm%3A3.0.0#~/.yarn/patches/c.patch":
  version: 3.0.0
  resolution: "c@patch:c@npm%3A3.0.0#~/.yarn/patches/c.patch::version=3.0.0&hash=abc"
  checksum: 10c0/cccc
  languageName: node
`
    expect(found("yarn.lock", text)).toEqual({
      "@scope/b@2.0.1": "10c0/bbbb",
      "c@3.0.0": "10c0/cccc patch:10c0/cccc",
    })
  })

  it("nothing, where the file is damaged", () => {
    expect(found("package-lock.json", "{")).toEqual({})
    expect(found("pnpm-lock.yaml", "\u0000")).toEqual({})
    expect(found("yarn.lock", "?")).toEqual({})
  })
})
