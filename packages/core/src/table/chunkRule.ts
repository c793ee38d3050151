/**
 * Where a table is cut into chunks: decided by the rows alone, so that a row inserted early changes one or two chunks
 * and all others keep their bytes.
 *
 * A gear hash over the last 32 rows (Xia et al., "FastCDC", USENIX ATC 2016) is compared with a threshold, larger for
 * large rows: a chunk has about 4,096 rows or 1 MiB on average. No cut before 1,024 rows or 256 KiB; always one at
 * 16,384 rows or 4 MiB. The window makes places where the same few rows repeat differ from one another.
 */
export class ChunkRule {
  #gear = 0
  #rows = 0
  #bytes = 0

  /** Takes the next row; true where the chunk ends after it. */
  cutAfter(rowHash: number, sizeBytes: number): boolean {
    this.#gear = ((this.#gear << 1) + rowHash) | 0
    this.#rows++
    this.#bytes += sizeBytes
    if (this.#rows < minRows && this.#bytes < minBytes) return false
    const threshold = Math.max(perRow, sizeBytes * perByte)
    const cut = this.#gear >>> 0 < threshold || this.#rows >= maxRows || this.#bytes >= maxBytes
    if (cut) {
      this.#rows = 0
      this.#bytes = 0
    }
    return cut
  }
}

const minRows = 1024
const maxRows = 16384
const minBytes = 256 * 1024
const maxBytes = 4 * 1024 * 1024
/** Thresholds on 32 bits: one row in 3,072 beyond the minimum, or one byte in 768 Ki. */
const perRow = 2 ** 32 / 3072
const perByte = 2 ** 32 / (768 * 1024)
