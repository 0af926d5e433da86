package weft;

import java.lang.ref.Cleaner;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A computation that has not begun: a body and a name. Nothing runs until the coroutine is awaited
/// (it then runs inline, on the awaiting task) or made a [Task].
///
/// Single use: whoever awaits it or makes a task of it first has it. Created by [Weft#async].
///
/// Thread: may be made on any thread and handed to a loop of another one, as long as one thread at
/// a time uses it.
///
/// @param <T> the type of the result
public final class Coroutine<T> implements Awaitable<T> {
  private final String name;

  /// A [Body] or a [VoidBody]; null once it was taken.
  private @Nullable Object body;

  private Cleaner.@Nullable Cleanable neverAwaited;

  private Coroutine(String name, Object body) {
    this.name = name;
    this.body = body;
    if (Debug.enabledHere()) {
      neverAwaited = Debug.watchNeverAwaited(this);
    }
  }

  static <T> Coroutine<T> of(String name, Body<T> body) {
    return new Coroutine<>(name, Objects.requireNonNull(body, "body"));
  }

  static Coroutine<Void> of(String name, VoidBody body) {
    return new Coroutine<>(name, Objects.requireNonNull(body, "body"));
  }

  /// The name given to [Weft#async(String, Body)], or else that of the method that made the
  /// coroutine.
  public String name() {
    return name;
  }

  @Override
  public T await() {
    Task.currentOrThrow();
    try {
      return runInline();
    } catch (Throwable t) {
      throw Failures.rethrow(t);
    }
  }

  @Override
  public <X extends Throwable> T await(Class<X> expected) throws X {
    Task.currentOrThrow();
    try {
      return runInline();
    } catch (Throwable t) {
      throw Failures.rethrow(t, expected);
    }
  }

  /// Gives the coroutine up: it can no longer be started, and debug mode does not complain that it
  /// never was. Does nothing once it has started.
  public void close() {
    if (body != null) {
      claim();
    }
  }

  /// Whether nobody has awaited it, made a task of it, or closed it.
  boolean isUnused() {
    return body != null;
  }

  /// Takes the body, which makes the coroutine used. It is run with [#call].
  Object claim() {
    Object claimed = body;
    if (claimed == null) {
      throw new IllegalStateException(
          this
              + " was already awaited, made a task or closed; a coroutine runs once: make a new"
              + " one");
    }
    body = null;
    if (neverAwaited != null) {
      Debug.forget(neverAwaited);
      neverAwaited = null;
    }
    return claimed;
  }

  /// Runs a body that was taken from a coroutine.
  static @Nullable Object call(Object claimed) throws Exception {
    if (claimed instanceof VoidBody plain) {
      plain.run();
      return null;
    }
    return ((Body<?>) claimed).call();
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // the body is one of this type
  private T runInline() throws Exception {
    return (T) call(claim());
  }

  /// For example `<coroutine hello at 0x1027a6150>`.
  @Override
  public String toString() {
    return "<coroutine " + name + " at 0x" + address(this) + ">";
  }

  static String address(Object object) {
    return Long.toHexString(0x100000000L | Integer.toUnsignedLong(System.identityHashCode(object)));
  }
}
