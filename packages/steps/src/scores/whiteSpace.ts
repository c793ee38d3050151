// Python's notion: unlike JavaScript's \s it has the separators 1C to 1F and 85, and not FEFF.
// oxlint-disable-next-line no-control-regex
const space = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/

/** The pieces of a text between white space, as Python's `str.split()` gives them. */
export const words = (text: string): ReadonlyArray<string> => text.split(space).filter((word) => word !== "")
