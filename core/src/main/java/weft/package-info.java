/// Weft's core: loops, coroutines, tasks, cancellation.
///
/// Users begin with [weft.Weft]. Who reads the code follows a wake-up: [weft.DriverLoop] (the
/// `while`), [weft.Fiber] (how a stack suspends), [weft.Task], [weft.Promise], and back through the
/// ready queue; then [weft.AbstractEventLoop] (what all loops share), and what is built on top:
/// [weft.TaskGroup], [weft.Timeout], [weft.Generator], [weft.Runner].
@NullMarked
package weft;

import org.jspecify.annotations.NullMarked;
