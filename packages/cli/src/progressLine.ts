/**
 * Progress of one download outside a run: a line redrawn in place on a terminal, else one about every ten seconds.
 */
import { bytes, clock } from "./quantities.ts"
import type { Screen } from "./Screen.ts"

export interface Progress {
  /** `downloading`, `unpacking`, `waiting`. */
  readonly phase?: string
  readonly done: number
  readonly total?: number | undefined
}

export interface ProgressLine {
  readonly show: (progress: Progress) => void
  readonly end: () => void
}

const now = (): number => performance.now()

export const progressLine = (label: string, screen: Screen, silent = false): ProgressLine => {
  let phase: string | undefined
  let startedAt = now()
  let startedFrom = 0
  let saidAt = -Infinity
  let drawn = false
  return {
    show: (progress) => {
      if (silent) return
      if (progress.phase !== phase) {
        phase = progress.phase
        startedAt = now()
        startedFrom = progress.done
        saidAt = -Infinity
      }
      if (now() - saidAt < (screen.live ? 100 : 10_000)) return
      saidAt = now()
      const text = line(label, progress, progress.done - startedFrom, now() - startedAt)
      screen.write(screen.live ? `\r${text}\u001b[K` : `${text}\n`)
      drawn = screen.live
    },
    end: () => {
      if (drawn) screen.write("\r\u001b[K")
      drawn = false
    },
  }
}

/** `TensorFlow: downloading, 82.1 MB of 274 MB  12.3 MB/s  eta 0:16`. Pure. */
export const line = (
  label: string,
  { phase, done, total }: Progress,
  gained: number,
  elapsedMs: number,
): string => {
  const head = phase === undefined ? `${label}:` : `${label}: ${phase},`
  if (phase === "waiting") return `${label}: waiting for another process that fetches it`
  const size = `${bytes(done)}${total === undefined ? "" : ` of ${bytes(total)}`}`
  if (elapsedMs < 1_000 || gained <= 0) return `${head} ${size}`
  const perSecond = (gained * 1000) / elapsedMs
  const left =
    total === undefined || done >= total ? "" : `  eta ${clock(((total - done) * 1000) / perSecond)}`
  return `${head} ${size}  ${bytes(perSecond)}/s${left}`
}
