/** Why TensorFlow is not there, in words. */
import { LibraryFetchFailed } from "../Errors.ts"
import type { PipFailed } from "../Pip.ts"
import * as Wheel from "../Wheel.ts"

/** What kept pip from fetching a wheel. */
export const ofPip = (wheel: Wheel.Wheel, { reason, said }: PipFailed): LibraryFetchFailed => {
  const wanted = `${wheel.package}==${Wheel.version} for ${wheel.pipPlatform}`
  switch (reason) {
    case "no-python":
      return new LibraryFetchFailed({
        reason,
        headline: "There is no Python, and TensorFlow is fetched with its pip.",
        facts: { Reason: said, Needed: "Python 3 with pip, for this one download" },
        hint: "Install Python 3 with pip, or set SLUICE_LIBTENSORFLOW to a TensorFlow 2.21 library.",
      })
    case "no-pip":
      return new LibraryFetchFailed({
        reason,
        headline: "python3 has no pip, with which TensorFlow is fetched.",
        facts: { Wanted: wanted },
        hint: "Install it (Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip).",
      })
    case "no-space":
      return noSpace(undefined)
    case "no-permission":
      return noPermission(said)
    case "no-network":
      return new LibraryFetchFailed({
        reason,
        headline: "The package index could not be reached.",
        facts: { Wanted: wanted, "pip said": said },
        hint: "Check the network and pip's settings, then run the same command again. Nothing was changed.",
      })
    case "not-found":
      return new LibraryFetchFailed({
        reason,
        headline: "The package index has no such TensorFlow wheel.",
        facts: { Wanted: wanted, "pip said": said },
        hint: "Point pip at an index that carries it, or set SLUICE_LIBTENSORFLOW to a library of your own.",
      })
    case "failed":
      return new LibraryFetchFailed({
        reason: "pip-failed",
        headline: "pip could not fetch TensorFlow.",
        facts: { Wanted: wanted, "pip said": said },
        hint: "Run `python3 -m pip download` for that wheel by hand to see more.",
      })
  }
}

export const wrongDigest = (file: string, expected: string, received: string): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "wrong-digest",
    headline: "The TensorFlow wheel that arrived is not the pinned one. It was not used.",
    facts: { File: file, Expected: `sha256 ${expected}`, Received: `sha256 ${received}` },
    hint: "Look at pip's index settings (`python3 -m pip config list`): something may serve another file.",
  })

export const damaged = (file: string, said: string): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "damaged-wheel",
    headline: "The TensorFlow wheel cannot be unpacked.",
    facts: { File: file, Reason: said },
    hint: "Run the same command again to fetch it anew.",
  })

export const noSpace = (facts: Readonly<Record<string, string>> | undefined): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "no-space",
    headline: "There is not enough room to install TensorFlow.",
    facts: facts ?? { Needed: "about 1.4 GB while it is installed, 0.9 GB after" },
    hint: "Free some space, or set SLUICE_CACHE to a folder on another disk.",
  })

export const noPermission = (detail: string): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "no-permission",
    headline: "The cache folder cannot be written.",
    facts: { Reason: detail },
    hint: "Give yourself the right to write there, or set SLUICE_CACHE to another folder.",
  })
