/// `weft bench`: Weft beside asyncio, uvloop and the JDK itself, measured in one run on the
/// reader's machine.
///
/// Read [Main][weft.bench.Main], then [CoreRows][weft.bench.CoreRows], which is the table as data;
/// a [Contestant][weft.bench.Contestant] does the work of a row, [Rounds][weft.bench.Rounds] lets
/// them take turns, [Mark][weft.bench.Mark] judges. The measured work itself: `Switching`,
/// `Spawning`, `Calling`, `Awaiting`, `Arming`, `Crossing`, `Sleepers`. The JDK's side of each row
/// stands beside Weft's, in `core.py` there is Python's.
@NullMarked
package weft.bench;

import org.jspecify.annotations.NullMarked;
