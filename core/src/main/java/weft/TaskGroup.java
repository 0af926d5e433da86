package weft;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tasks that belong together: [Weft#taskGroup] runs a body that makes them and returns when all
/// have ended. If one fails, the others are cancelled, and what went wrong is thrown as one
/// [ExceptionGroup].
///
/// Thread: the loop's.
///
/// @see <a href="https://docs.python.org/3/library/asyncio-task.html#task-groups">task groups</a>
public final class TaskGroup {
  /* Overview. The parent is cancelled at most once by the group itself (cancelledParent), to end its
   * body when a child has failed or cancel() was called; leaving the group takes exactly that one
   * request back. The first cancellation that reaches the parent, in the body or while it waits for
   * the children, is remembered (outside); it is thrown at the end if, after taking our own back,
   * requests are left.
   */
  private final Task<?> parent;
  private final Set<Task<?>> children = new LinkedHashSet<>();
  private final List<Throwable> errors = new ArrayList<>();
  private @Nullable LoopExit exit;
  private @Nullable Promise<Void> allDone;
  private boolean exiting;
  private boolean aborting;
  private boolean left;
  private boolean cancelledParent;

  private TaskGroup(Task<?> parent) {
    this.parent = parent;
  }

  static <T> T run(GroupBody<T> body) {
    return new TaskGroup(Task.currentOrThrow()).runBody(body);
  }

  @SuppressWarnings("NullAway") // null only where the user put it, or after cancel()
  private <T> T runBody(GroupBody<T> body) {
    T result = null;
    Throwable thrown = null;
    try {
      result = body.call(this);
    } catch (Throwable t) {
      thrown = Failures.unwrap(parent.withoutInterrupt(t));
    }
    leave(thrown);
    return result;
  }

  /// Makes a task that belongs to the group. Children may make children for as long as the group
  /// waits.
  ///
  /// @throws IllegalStateException if the group has finished or is shutting down; the coroutine is
  ///   closed then
  public <T> Task<T> createTask(Coroutine<T> coroutine) {
    return createTask(coroutine, TaskOptions.defaults());
  }

  /// Makes a task that belongs to the group.
  public <T> Task<T> createTask(Body<T> body) {
    return createTask(Weft.async(body), TaskOptions.defaults());
  }

  /// Makes a task that belongs to the group.
  public Task<Void> createTask(VoidBody body) {
    return createTask(Weft.async(body), TaskOptions.defaults());
  }

  /// Makes a task that belongs to the group.
  public <T> Task<T> createTask(Body<T> body, TaskOptions options) {
    return createTask(Weft.async(body), options);
  }

  /// Makes a task that belongs to the group.
  public Task<Void> createTask(VoidBody body, TaskOptions options) {
    return createTask(Weft.async(body), options);
  }

  /// Makes a task that belongs to the group.
  public <T> Task<T> createTask(Coroutine<T> coroutine, TaskOptions options) {
    if (aborting || (exiting && children.isEmpty())) {
      coroutine.close();
      throw new IllegalStateException(
          "this task group "
              + (exiting && children.isEmpty() ? "has finished" : "is shutting down"));
    }
    Task<T> task = parent.loop.createTask(coroutine, options);
    // Also for a task that is done already: its failure must not cancel the parent before the
    // parent has got the task.
    children.add(task);
    task.addInternalCallback(this::childDone, parent);
    if (aborting && !task.done()) {
      task.cancel(); // it was started eagerly and has ended the group itself
    }
    return task;
  }

  /// Ends the group early and without an error: its children, and the body if it still runs, are
  /// cancelled. Repeating it does nothing, nor does calling it after the end.
  public void cancel() {
    parent.loop.checkThread();
    if (exiting && children.isEmpty()) {
      return;
    }
    if (!aborting) {
      abort();
    }
    if (!cancelledParent) {
      cancelledParent = true;
      parent.cancel();
    }
  }

  private void abort() {
    aborting = true;
    for (Task<?> child : List.copyOf(children)) {
      if (!child.done()) {
        child.cancel();
      }
    }
  }

  private void childDone(Promise<?> child) {
    children.remove((Task<?>) child);
    if (allDone != null && children.isEmpty()) {
      allDone.release();
    }
    if (child.cancelled()) {
      return;
    }
    Throwable failure = child.exception();
    if (failure == null) {
      return;
    }
    if (left || parent.done()) {
      parent.loop.callExceptionHandler(
          new ErrorContext("a task has failed after the parent has left its group", failure)
              .withPromise(child));
      return;
    }
    addError(failure);
    if (!aborting && !cancelledParent) {
      abort();
      cancelledParent = true;
      parent.cancel();
    }
  }

  private void addError(Throwable failure) {
    errors.add(failure);
    if (exit == null && failure instanceof LoopExit loopExit) {
      exit = loopExit;
    }
  }

  private void leave(@Nullable Throwable thrown) {
    exiting = true;
    if (exit == null && thrown instanceof LoopExit loopExit) {
      exit = loopExit;
    }
    CancelledError outside = thrown instanceof CancelledError cancelled ? cancelled : null;
    if (thrown != null && !aborting) {
      abort();
    }
    CancelledError whileWaiting = waitForChildren();
    if (outside == null) {
      outside = whileWaiting;
    }
    if (exit != null) {
      reportOthers(exit);
      throw exit;
    }
    if (cancelledParent && parent.uncancel() == 0) {
      outside = null;
    }
    if (thrown != null && !(thrown instanceof CancelledError || thrown instanceof GeneratorExit)) {
      errors.add(thrown);
    }
    if (outside != null && errors.isEmpty()) {
      throw outside;
    }
    if (thrown instanceof GeneratorExit generatorExit && errors.isEmpty()) {
      throw generatorExit;
    }
    if (!errors.isEmpty()) {
      if (parent.cancelling() > 0) {
        parent.uncancel(); // so that the next suspension throws, and the count stays
        parent.cancel();
      }
      throw Failures.rethrow(
          ThrowableGroup.of("unhandled errors in a TaskGroup", errors).asThrowable());
    }
  }

  /// Returns the first cancellation that came meanwhile.
  private @Nullable CancelledError waitForChildren() {
    CancelledError first = null;
    while (!children.isEmpty()) {
      Promise<Void> waiting = LinkedPromise.Waiting.forGroup(parent.loop, children);
      allDone = waiting;
      try {
        waiting.await();
      } catch (CancelledError cancelled) {
        first = first == null ? cancelled : first;
        if (!aborting) {
          abort();
        }
      } catch (IllegalStateException | VirtualMachineError cannotWait) {
        giveUp(cannotWait);
        throw cannotWait;
      }
      allDone = null;
      parent.loop.throwIfDismissed(parent);
    }
    return first;
  }

  /// Lets the children go, because the parent cannot wait for them, where it stands or ever.
  private void giveUp(Throwable reason) {
    allDone = null;
    abort();
    left = true;
    if (cancelledParent) {
      parent.uncancel();
    }
    errors.forEach(reason::addSuppressed);
  }

  /// The errors that a [LoopExit] leaves no room for.
  private void reportOthers(LoopExit thrown) {
    for (Throwable error : errors) {
      if (error != thrown) {
        parent.loop.callExceptionHandler(
            new ErrorContext("error in a task group that was ended by " + thrown, error)
                .withSource(this));
      }
    }
  }

  @Override
  public String toString() {
    return "<TaskGroup"
        + (children.isEmpty() ? "" : " tasks=" + children.size())
        + (errors.isEmpty() ? "" : " errors=" + errors.size())
        + (aborting ? " cancelling" : exiting ? " exiting" : " entered")
        + " of "
        + Objects.requireNonNull(parent).name()
        + ">";
  }
}
