package weft;

/// What a coroutine can wait for: a [Coroutine], which then runs inline, or a [Promise].
///
/// Sealed, so that a lambda is never mistaken for one. Whatever else takes time is wrapped:
/// `async(() -> …)`, or [Weft#await(java.util.concurrent.CompletionStage)] and its siblings.
///
/// @param <T> the type of the result
public sealed interface Awaitable<T> permits Coroutine, Promise {
  /// Waits for the result. Suspends unless the result is there already; a cancellation point if it
  /// suspends. Only in a coroutine, on the thread of its loop.
  ///
  /// An unchecked exception or an error of the awaited is thrown as it is, a checked one wrapped in
  /// a [java.util.concurrent.CompletionException].
  ///
  /// @throws CancelledError if this coroutine's task or the awaited was cancelled
  /// @throws IllegalStateException if called outside a coroutine, or if the wait could never end
  T await();

  /// Like [#await()], but throws an exception of the given type as it is.
  ///
  /// @param expected the checked exception that the caller wants to see, such as
  ///   `IOException.class`
  <X extends Throwable> T await(Class<X> expected) throws X;
}
