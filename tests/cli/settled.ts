/** Lines with keys and times, which differ between machines and runs, made comparable. */
export const settled = (lines: string | ReadonlyArray<string>): Array<string> =>
  (typeof lines === "string" ? lines.trimEnd().split("\n") : lines).map((line) =>
    line
      .replaceAll(/\b[0-9a-f]{8}\b/g, "<key>   ")
      .replaceAll(/\d+\.\d+ s\b|(?<=\s)\d+:\d\d\b(?!:)/g, "<time>")
      .trimEnd(),
  )
