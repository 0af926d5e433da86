/// The launcher: what the script `weft` in the root starts.
///
/// Two JVMs can be meant. [Launch] runs inside a user's program: it is small, starts fast and knows
/// nothing but the JDK and the core. [Main] is everything else: parsing and help, the [Compiler]
/// that fills the cache of programs, the table of loops, the repl.
///
/// Read the script first, then Launch and [Traces], Main, Compiler; for the repl [Session] (the
/// loop behind the prompt), [SnippetExecution], [Repl], [Feedback] and [Console].
@NullMarked
package weft.cli;

import org.jspecify.annotations.NullMarked;
