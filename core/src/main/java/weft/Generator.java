package weft;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An iterator whose items are emitted by a coroutine: Java's `for` over it is asyncio's `async
/// for`. Made by [Weft#generator].
///
/// The body runs only while the consumer asks for an item; both may await anything meanwhile, and
/// control passes between them directly, without a trip through the loop. Iterate once.
///
/// Leaving the loop early leaves the body where it stands: `try (var items = generator(…))` closes
/// it at the end of the block, and its `finally` blocks run. One that is forgotten is closed when
/// the loop shuts down, or when it is garbage collected.
///
/// Thread: only in coroutines of one loop.
///
/// @param <T> the type of the items
public final class Generator<T> implements Iterator<T>, Iterable<T>, AutoCloseable {
  private final Producer<T> producer;

  Generator(GeneratorBody<T> body) {
    this.producer = new Producer<>(body);
  }

  /// This generator.
  @Override
  public Iterator<T> iterator() {
    return this;
  }

  /// Whether there is another item: runs the body until it emits one or ends.
  @Override
  public boolean hasNext() {
    producer.watch(this);
    try {
      return producer.advance();
    } finally {
      Reference.reachabilityFence(this); // forgotten, it would be closed under the one who asks
    }
  }

  /// The next item.
  ///
  /// @throws NoSuchElementException if there is none
  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the generator has ended");
    }
    return producer.take();
  }

  /// Ends the body where it stands: a [GeneratorExit] is thrown there, so that it can clean up.
  /// Suspends as long as that takes. Does nothing after the end.
  @Override
  public void close() {
    producer.close();
  }

  static void closeAll(AbstractEventLoop loop) {
    List<Task<?>> closing = new ArrayList<>();
    for (Producer<?> open : List.copyOf(loop.generators)) {
      closing.add(Weft.createTask(Weft.async("close generator", open::close)));
    }
    if (closing.isEmpty()) {
      return;
    }
    for (Promise<?> closed : Weft.gatherSettled(closing).await()) {
      if (!closed.cancelled() && closed.exception() != null) {
        loop.callExceptionHandler(
            new ErrorContext("an error occurred while closing a generator", closed.exception())
                .withPromise(closed));
      }
    }
  }

  /// The body and its stack. Apart from the [Generator], so that this can be collected while the
  /// body is suspended.
  static final class Producer<T> implements Emitter<T> {
    private @Nullable GeneratorBody<T> body;
    private @Nullable Task<Void> task;
    private @Nullable Task<?> consumer;
    private Cleaner.@Nullable Cleanable collected;
    private @Nullable T item;
    private boolean hasItem;
    private boolean ended;
    private boolean closing;

    Producer(GeneratorBody<T> body) {
      this.body = body;
    }

    void watch(Generator<T> generator) {
      if (collected == null && !ended) {
        AbstractEventLoop loop = Task.currentOrThrow().loop;
        collected =
            Debug.CLEANER.register(
                generator,
                () -> {
                  if (!ended && !loop.isClosed()) {
                    loop.post(() -> closeLater(loop));
                  }
                });
      }
    }

    private void closeLater(AbstractEventLoop loop) {
      if (!ended) {
        loop.createTask(Weft.async("close generator", this::close));
      }
    }

    boolean advance() {
      if (hasItem) {
        return true;
      }
      if (ended) {
        return false;
      }
      Task<?> asking = Task.currentOrThrow();
      if (consumer != null) {
        throw new IllegalStateException("the generator is already being asked for an item");
      }
      if (task == null) {
        start(asking);
      }
      Task<Void> producing = Objects.requireNonNull(task);
      if (producing.loop != asking.loop) {
        throw new IllegalStateException("the generator belongs to another event loop");
      }
      consumer = asking;
      try {
        asking.awaitHandOver(producing);
      } finally {
        consumer = null;
      }
      if (producing.done()) {
        end();
        producing.result();
      }
      return hasItem;
    }

    private void start(Task<?> asking) {
      GeneratorBody<T> unstarted = Objects.requireNonNull(body);
      body = null;
      Coroutine<Void> coroutine =
          Weft.async(
              CoroutineNames.of(unstarted),
              () -> {
                try {
                  unstarted.run(this);
                } finally {
                  if (consumer != null) {
                    task().fiber.handOverAtEnd(consumer.fiber);
                  }
                }
              });
      TaskOptions options =
          TaskOptions.named("generator of " + asking.name()).context(asking.loop.context());
      task = new Task<>(asking.loop, coroutine, options, true);
      asking.loop.generators.add(this);
    }

    Task<Void> task() {
      return Objects.requireNonNull(task);
    }

    private Task<?> consumer() {
      return Objects.requireNonNull(consumer, "a generator runs only for a consumer");
    }

    private void end() {
      ended = true;
      Task<Void> ending = task;
      if (ending != null) {
        ending.loop.generators.remove(this);
      }
      if (collected != null) {
        collected.clean();
      }
    }

    @SuppressWarnings("NullAway") // null only where the user put it
    T take() {
      T taken = item;
      item = null;
      hasItem = false;
      return taken;
    }

    @Override
    public void emit(T emitted) {
      Task<Void> producing = task;
      if (producing == null || Task.current() != producing) {
        throw new IllegalStateException("only the generator's own coroutine can emit");
      }
      if (closing) {
        throw new IllegalStateException("the generator was closed and must not emit any more");
      }
      item = emitted;
      hasItem = true;
      producing.fiber.handOverTo(consumer().fiber);
      producing.dropInterruptOfOther();
      producing.loop.throwIfDismissed(producing);
      if (closing) {
        throw new GeneratorExit();
      }
    }

    void close() {
      if (ended) {
        return;
      }
      Task<Void> begun = task;
      if (begun == null || !begun.fiber.started()) {
        end();
        return;
      }
      if (consumer != null) {
        throw new IllegalStateException("the generator is being asked for an item; close it later");
      }
      Task.currentOrThrow();
      closing = true;
      hasItem = false;
      item = null;
      try {
        advance();
      } catch (GeneratorExit expected) {
        // the body let it pass, as it should
      }
    }
  }
}
