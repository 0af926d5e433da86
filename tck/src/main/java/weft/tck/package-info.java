/// The conformance kit. Each suite is an abstract class of JUnit tests; a loop passes the kit when
/// it passes all of them, which is two classes of five lines:
///
/// ```java
/// class MyLoopTest extends LoopSuites {
///   @Override protected EventLoop newLoop() {
///     return new MyLoop();
///   }
/// }
/// ```
///
/// and the same with [weft.tck.IoSuites] for input and output. Read [weft.tck.LoopSuite] first: it
/// owns the loop of a test and everything that makes a test fail by itself. A test whose name
/// starts with a number proves that rule of `docs/spec/loop.md`.
@NullMarked
package weft.tck;

import org.jspecify.annotations.NullMarked;
