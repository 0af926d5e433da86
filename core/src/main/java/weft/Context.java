package weft;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The values of the context variables that a task or a callback sees. Every callback, done
/// callback and task works in a copy of the context in which it was scheduled, unless it is given
/// one.
///
/// A context is a cell around an immutable map: copying shares the map, setting a variable replaces
/// it. Hence capturing a context with each callback costs one pointer.
///
/// Thread: not safe; used by one loop or one thread at a time.
///
/// @see <a href="https://peps.python.org/pep-0567/">PEP 567</a>
public final class Context {
  private static final ThreadLocal<Context> OF_THREAD = ThreadLocal.withInitial(Context::new);

  /// The contexts in which a block runs. Not a field, because every task has a context and hardly
  /// any is ever entered so.
  private static final Set<Context> ENTERED = ConcurrentHashMap.newKeySet();

  private Map<ContextVar<?>, @Nullable Object> bindings;

  /// An empty context.
  public Context() {
    this(Map.of());
  }

  Context(Map<ContextVar<?>, @Nullable Object> bindings) {
    this.bindings = bindings;
  }

  /// A copy of the context that the calling code runs in.
  public static Context copyCurrent() {
    return current().copy();
  }

  /// The context itself: of the running task or callback, else of the thread.
  static Context current() {
    AbstractEventLoop loop = Fiber.running();
    return loop == null ? OF_THREAD.get() : loop.context();
  }

  /// The same, as an object that nobody else gets: what is remembered of it, by a token, must not
  /// fit another callback.
  static Context ownOfCurrent() {
    AbstractEventLoop loop = Fiber.running();
    return loop == null ? OF_THREAD.get() : loop.ownContext();
  }

  /// An independent context with the same values.
  public Context copy() {
    return new Context(bindings);
  }

  /// Runs a block in this context: the variables it sets are set here. The block may suspend.
  ///
  /// @throws IllegalStateException if a block runs in this context already
  public <T, X extends Exception> T run(Block<T, X> block) throws X {
    Context outer = enterFirst();
    try {
      return block.call();
    } finally {
      leaveTo(outer);
    }
  }

  /// Runs a block in this context: the variables it sets are set here. The block may suspend.
  ///
  /// @throws IllegalStateException if a block runs in this context already
  public <X extends Exception> void run(VoidBlock<X> block) throws X {
    Context outer = enterFirst();
    try {
      block.run();
    } finally {
      leaveTo(outer);
    }
  }

  private Context enterFirst() {
    if (!ENTERED.add(this)) {
      throw new IllegalStateException(
          this + " is already entered; run the block in a copy() of it");
    }
    return enter(this);
  }

  private void leaveTo(Context outer) {
    ENTERED.remove(this);
    enter(outer);
  }

  private static Context enter(Context context) {
    AbstractEventLoop loop = Fiber.running();
    if (loop != null) {
      return loop.enter(context);
    }
    Context outer = OF_THREAD.get();
    OF_THREAD.set(context);
    return outer;
  }

  /// The value that a variable has here, defaults aside.
  @SuppressWarnings("unchecked")
  public <T> Optional<T> get(ContextVar<T> variable) {
    return Optional.ofNullable((T) bindings.get(variable));
  }

  /// Whether a variable is set here.
  public boolean contains(ContextVar<?> variable) {
    return bindings.containsKey(variable);
  }

  /// How many variables are set here.
  public int size() {
    return bindings.size();
  }

  Map<ContextVar<?>, @Nullable Object> bindings() {
    return bindings;
  }

  void bindings(Map<ContextVar<?>, @Nullable Object> replacement) {
    bindings = replacement;
  }

  void put(ContextVar<?> variable, @Nullable Object value) {
    Map<ContextVar<?>, @Nullable Object> changed = new HashMap<>(bindings);
    changed.put(variable, value);
    bindings = changed;
  }

  void remove(ContextVar<?> variable) {
    Map<ContextVar<?>, @Nullable Object> changed = new HashMap<>(bindings);
    changed.remove(variable);
    bindings = changed;
  }

  @Override
  public String toString() {
    return "<Context of " + bindings.size() + " variables>";
  }
}
