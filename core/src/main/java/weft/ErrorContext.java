package weft;

import org.jspecify.annotations.Nullable;

/// What the loop knows of an error that nobody awaits, given to the [ExceptionHandler].
///
/// @param message what happened, as a sentence for the log
/// @param exception the exception, if there is one
/// @param promise the promise or task concerned
/// @param handle the callback concerned
/// @param source any other object concerned, such as a generator
/// @param created where the object concerned was made (debug mode)
public record ErrorContext(
    String message,
    @Nullable Throwable exception,
    @Nullable Promise<?> promise,
    @Nullable Handle handle,
    @Nullable Object source,
    @Nullable Throwable created) {

  /// A message alone, or with an exception.
  public ErrorContext(String message, @Nullable Throwable exception) {
    this(message, exception, null, null, null, null);
  }

  /// The same with the promise or task concerned.
  public ErrorContext withPromise(@Nullable Promise<?> value) {
    return new ErrorContext(message, exception, value, handle, source, created);
  }

  /// The same with the callback concerned.
  public ErrorContext withHandle(@Nullable Handle value) {
    return new ErrorContext(message, exception, promise, value, source, created);
  }

  /// The same with another object concerned.
  public ErrorContext withSource(@Nullable Object value) {
    return new ErrorContext(message, exception, promise, handle, value, created);
  }

  /// The same with the place where the object concerned was made.
  public ErrorContext withCreated(@Nullable Throwable value) {
    return new ErrorContext(message, exception, promise, handle, source, value);
  }
}
