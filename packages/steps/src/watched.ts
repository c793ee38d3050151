/**
 * Rows that are written while they are made, and an account of them that is whole only afterwards: `after` waits
 * until `rows` has ended, and fails if it fails, whichever of the two is read first.
 */
export const watched = <A, B>(rows: AsyncIterable<A>, after: () => Iterable<B>) => {
  const finished = Promise.withResolvers<void>()
  finished.promise.catch(() => undefined)
  async function* first() {
    try {
      yield* rows
      finished.resolve()
    } catch (error) {
      finished.reject(error)
      throw error
    }
  }
  async function* second() {
    await finished.promise
    yield* after()
  }
  return { rows: first(), after: second() }
}
