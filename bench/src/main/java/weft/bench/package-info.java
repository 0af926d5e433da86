/// `weft bench`: Weft beside its peers, measured in one run on the reader's machine.
///
/// The suite `core`: read [CoreRows][weft.bench.CoreRows], which is its table as data; a
/// [Contestant][weft.bench.Contestant] does the work of a row (`Switching`, `Spawning`, `Arming`,
/// …; Python's side is `core.py`), [Mark][weft.bench.Mark] judges.
///
/// The suites about servers: read [EchoRun][weft.bench.EchoRun], then
/// [Entrants][weft.bench.Entrants], who takes part; [Load][weft.bench.Load] is the generator, in C,
/// [Findings][weft.bench.Findings] and [ResultFiles][weft.bench.ResultFiles] what comes out. The
/// peers' programs are in `src/main/peers` and in `bench/peers`. [Turns][weft.bench.Turns] is
/// common to all.
@NullMarked
package weft.bench;

import org.jspecify.annotations.NullMarked;
