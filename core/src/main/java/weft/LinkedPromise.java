package weft;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A promise that stands for other promises: whoever waits for it waits for them, and cancelling it
/// cancels them first.
///
/// @param <T> the type of the result
abstract sealed class LinkedPromise<T> extends Promise<T> {
  LinkedPromise(EventLoop loop) {
    super(loop);
  }

  /// The promises that this one waits for.
  abstract Collection<? extends Promise<?>> sources();

  /// Whether none of these may be missing.
  boolean needsAll() {
    return true;
  }

  /// Whether it waits no longer for the others when one of these has failed.
  boolean failsEarly() {
    return false;
  }

  /// What [Weft#gather] returns: cancelled through its children, and done when they report.
  static final class Gathering<T> extends LinkedPromise<T> {
    private final Collection<? extends Promise<?>> children;
    private final Collection<? extends Promise<?>> distinct;
    private final boolean settle;
    private boolean cancelRequested;
    private @Nullable String requestMessage;

    /// @param children in the order of the arguments: one that was given twice is asked twice
    /// @param settle whether it waits for all, however they end
    Gathering(
        EventLoop loop,
        Collection<? extends Promise<?>> children,
        Collection<? extends Promise<?>> distinct,
        boolean settle) {
      super(loop);
      this.children = children;
      this.distinct = distinct;
      this.settle = settle;
    }

    @Override
    public boolean cancel(@Nullable String message) {
      if (done()) {
        return false;
      }
      boolean accepted = false;
      for (Promise<?> child : children) {
        accepted |= child.cancel(message);
      }
      if (accepted && !cancelRequested) {
        cancelRequested = true;
        requestMessage = message;
      }
      return accepted;
    }

    @Override
    Collection<? extends Promise<?>> sources() {
      return distinct;
    }

    @Override
    boolean failsEarly() {
      return !settle && distinct.size() > 1;
    }

    boolean cancelRequested() {
      return cancelRequested;
    }

    /// The message of the first request.
    @Nullable String requestMessage() {
      return requestMessage;
    }
  }

  /// What [Weft#shield] returns: cancelled by itself, the inner promise does not notice.
  static final class Shielding<T> extends LinkedPromise<T> {
    private final Promise<T> inner;

    Shielding(Promise<T> inner) {
      super(inner.loop);
      this.inner = inner;
    }

    @Override
    Collection<? extends Promise<?>> sources() {
      return List.of(inner);
    }
  }

  /// What a task waits on that waits for several promises without owning their outcome.
  static final class Waiting extends LinkedPromise<Void> {
    private final Collection<? extends Promise<?>> sources;
    private final boolean needsAll;
    private final boolean group;

    private Waiting(
        EventLoop loop, Collection<? extends Promise<?>> sources, boolean needsAll, boolean group) {
      super(loop);
      this.sources = sources;
      this.needsAll = needsAll;
      this.group = group;
    }

    /// @param needsAll whether it ends only when all have, and not, say, when its time is up
    Waiting(EventLoop loop, Collection<? extends Promise<?>> sources, boolean needsAll) {
      this(loop, sources, needsAll, false);
    }

    /// What a group waits on, whose children come and go.
    static Waiting forGroup(EventLoop loop, Collection<? extends Promise<?>> children) {
      return new Waiting(loop, children, true, true);
    }

    @Override
    boolean needsAll() {
      return needsAll;
    }

    @Override
    boolean failsEarly() {
      return group && sources.size() > 1;
    }

    @Override
    Collection<? extends Promise<?>> sources() {
      return sources;
    }
  }
}
