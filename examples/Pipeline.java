/// Programs in a row, the output of each the input of the next, as `a | b | c` in a shell.
///
/// A task at each joint copies, and waits when the next program is slow. When a program does not
/// want any more, the one before it is told to end: so even an endless one comes to its end. That
/// is what the kernel does for a shell; here each joint could also change what passes by.

import module weft;
import static weft.Weft.*;

Subprocess start(String... command) throws IOException {
  var options = SubprocessOptions.defaults().stdin(Stdio.PIPE).stdout(Stdio.PIPE);
  return Subprocess.exec(List.of(command), options);
}

void feed(String text, Subprocess target) throws IOException {
  try (StreamWriter writer = target.stdin()) {
    writer.write(text);
  }
}

void connect(Subprocess source, Subprocess target) {
  try (StreamWriter writer = target.stdin()) {
    for (byte[] piece; (piece = source.stdout().read(64 * 1024)).length > 0; ) {
      writer.write(piece);
    }
  } catch (IOException e) {
    source.terminate(); // nobody wants to hear more of it
  }
}

/// Connects the programs, and returns the lines that come out of the last one.
List<String> pipeline(Subprocess... programs) {
  var lines = new ArrayList<String>();
  taskGroup(
      group -> {
        for (int i = 1; i < programs.length; i++) {
          var source = programs[i - 1];
          var target = programs[i];
          group.createTask(() -> connect(source, target));
        }
        programs[programs.length - 1].stdout().forEach(lines::add);
      });
  return lines;
}

void main() {
  String text = "the warp is still and the weft moves and the cloth grows and grows\n";
  run(
      () -> {
        IO.println("the words of a text that are used most:");
        var split = start("tr", "-s", " ", "\n");
        Task<Void> feeding = createTask(() -> feed(text.repeat(20_000), split));
        var count = start("uniq", "-c");
        pipeline(split, start("sort"), count, start("sort", "-rn"), start("head", "-n", "3"))
            .forEach(line -> IO.println("  " + line.strip()));
        await(feeding);
        IO.println("uniq has ended with status " + count.waitExit());

        IO.println("an endless program, of which three lines are enough:");
        var endless = start("yes", "again");
        pipeline(endless, start("head", "-n", "3")).forEach(line -> IO.println("  " + line));
        int status = endless.waitExit();
        IO.println("it was " + (status == 0 ? "not " : "") + "told to end");
      });
}
