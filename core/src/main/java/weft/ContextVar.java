package weft;

import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A variable whose value depends on the context of the running task or callback; each task works
/// on its own copy, taken when the task was made.
///
/// Thread: any. On a thread without a loop the variable lives in that thread's own context.
///
/// @param <T> the type of the value
/// @see <a href="https://peps.python.org/pep-0567/">PEP 567</a>
public final class ContextVar<T> {
  private final String name;
  private final @Nullable T defaultValue;
  private final boolean hasDefault;

  /// A variable without a default.
  public ContextVar(String name) {
    this.name = Objects.requireNonNull(name, "name");
    this.defaultValue = null;
    this.hasDefault = false;
  }

  /// A variable that has a value before anybody sets it.
  public ContextVar(String name, T defaultValue) {
    this.name = Objects.requireNonNull(name, "name");
    this.defaultValue = defaultValue;
    this.hasDefault = true;
  }

  /// The name, for people only.
  public String name() {
    return name;
  }

  /// The value in the current context, or the default.
  ///
  /// @throws NoSuchElementException if there is neither
  @SuppressWarnings({"unchecked", "NullAway"}) // null only where the user put it
  public T get() {
    Context context = Context.current();
    if (context.contains(this)) {
      return (T) context.bindings().get(this);
    }
    if (hasDefault) {
      return defaultValue;
    }
    throw new NoSuchElementException("context variable " + name + " has no value here");
  }

  /// The value in the current context, or the given one.
  @SuppressWarnings({"unchecked", "NullAway"}) // null only where the user put it
  public T get(T otherwise) {
    Context context = Context.current();
    return context.contains(this) ? (T) context.bindings().get(this) : otherwise;
  }

  /// Sets the value in the current context. The token takes it back.
  @SuppressWarnings("unchecked")
  public Token<T> set(T value) {
    Context context = Context.ownOfCurrent();
    boolean had = context.contains(this);
    Token<T> token = new Token<>(this, context, had, (T) context.bindings().get(this));
    context.put(this, value);
    return token;
  }

  /// Takes back what `set` did: the variable has the value it had before, or none.
  ///
  /// @throws IllegalArgumentException if the token is of another variable or another context
  /// @throws IllegalStateException if the token was used already
  public void reset(Token<T> token) {
    if (token.variable != this) {
      throw new IllegalArgumentException("the token belongs to " + token.variable);
    }
    if (token.context != Context.current()) {
      throw new IllegalArgumentException(
          "the token was made in another context; reset a variable in the task that set it");
    }
    if (token.used) {
      throw new IllegalStateException("the token was used already");
    }
    token.used = true;
    if (token.hadValue) {
      token.context.put(this, token.oldValue);
    } else {
      token.context.remove(this);
    }
  }

  @Override
  public String toString() {
    return "<ContextVar " + name + ">";
  }

  /// What [ContextVar#set] returns: the memory of the value before. As a resource it sets a
  /// variable for a block:
  ///
  /// ```java
  /// try (var _ = user.set("ada")) {
  ///   greet();
  /// }
  /// ```
  ///
  /// @param <T> the type of the value
  public static final class Token<T> implements AutoCloseable {
    private final ContextVar<T> variable;
    private final Context context;
    private final boolean hadValue;
    private final @Nullable T oldValue;
    private boolean used;

    private Token(ContextVar<T> variable, Context context, boolean hadValue, @Nullable T oldValue) {
      this.variable = variable;
      this.context = context;
      this.hadValue = hadValue;
      this.oldValue = oldValue;
    }

    /// The variable that was set.
    public ContextVar<T> variable() {
      return variable;
    }

    /// Takes the setting back as [ContextVar#reset] does; does nothing if that was done already.
    ///
    /// @throws IllegalArgumentException in another context
    @Override
    public void close() {
      if (!used) {
        variable.reset(this);
      }
    }
  }
}
