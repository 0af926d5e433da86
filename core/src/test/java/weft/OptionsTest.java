package weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.io.Stdio;
import weft.io.SubprocessOptions;

/// Options are the same in whatever order they are said.
class OptionsTest {
  @Test
  void ofARun() {
    for (var options :
        List.of(
            RunOptions.on("selector").debug(true),
            RunOptions.defaults().debug(true).loop("selector"),
            RunOptions.defaults().debug(true).loopFactory(() -> EventLoop.create("selector")))) {
      assertEquals(true, options.debug());
      assertNotNull(options.loopFactory());
    }
  }

  @Test
  void ofATask() {
    var context = new Context();
    var expected = new TaskOptions("reader", context, true);
    assertEquals(expected, TaskOptions.named("reader").context(context).eagerStart(true));
    assertEquals(expected, TaskOptions.defaults().eagerStart(true).context(context).name("reader"));
  }

  @Test
  void ofAProcess() {
    var folder = Path.of("folder");
    var piped = SubprocessOptions.piped().directory(folder);
    assertEquals(piped, SubprocessOptions.defaults().directory(folder).pipes());
    assertEquals(
        List.of(Stdio.PIPE, Stdio.PIPE, Stdio.PIPE),
        List.of(piped.stdin(), piped.stdout(), piped.stderr()));
  }
}
