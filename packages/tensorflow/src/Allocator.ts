/**
 * Environment for a process that trains: how the C library hands out memory.
 *
 * A training pass allocates and frees the same large blocks at every optimizer step. By default glibc maps each of
 * them anew and gives it back, and the kernel clears every page again; told to keep them, it is as fast as the
 * allocators made for this (about a tenth of a step). It is read when a process starts, so it is set where the
 * process is spawned. Values never enter a key: they cannot change a result.
 */
export const environment = (platform: NodeJS.Platform = process.platform): Readonly<Record<string, string>> =>
  platform === "linux"
    ? {
        MALLOC_MMAP_THRESHOLD_: "4294967296",
        MALLOC_TRIM_THRESHOLD_: "4294967296",
        MALLOC_TOP_PAD_: "67108864",
      }
    : {}
