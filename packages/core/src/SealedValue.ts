/**
 * A value of an environment variable as a file may hold it that others read: it can be compared, and not looked up.
 *
 * A plain digest of a short value is found in no time, by hashing all short values. Here each guess costs a tenth of a
 * second and 32 MiB (scrypt with N = 2¹⁵, r = 8, p = 1), and what was computed for one salt or variable serves no other.
 * Nothing that can be compared withstands a guess of a value with few possibilities; see docs/action-key.md.
 */
import { randomBytes, scryptSync } from "node:crypto"

const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 }

export const newSalt = (): string => randomBytes(16).toString("hex")

/** 32 hexadecimal digits. */
export const seal = (salt: string, name: string, value: string): string =>
  scryptSync(value, `sluice/env ${salt} ${name}`, 16, cost).toString("hex")
