/// Programs in a row, the output of each the input of the next, as `a | b | c` in a shell.
///
/// A task at each joint copies, and waits when the next program is slow. When a program does not
/// want any more, the one before it is told to end: so even an endless one comes to its end. That
/// is what the kernel does for a shell; here each joint could also change what passes by.

import module weft;
import static weft.Weft.*;

final SubprocessOptions pipes =
    SubprocessOptions.defaults().stdin(Stdio.PIPE).stdout(Stdio.PIPE);

/// What comes out of the last program, and the statuses of all.
record Outcome(List<String> lines, List<Integer> statuses) {}

void feed(String text, Subprocess target) {
  try (StreamWriter writer = target.stdin()) {
    writer.write(text);
  } catch (IOException e) {
    // it does not want any more
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

/// Runs the programs until the last of them has ended. If anything fails on the way, or this is
/// cancelled, none of them is left behind.
Outcome pipeline(String input, List<List<String>> commands) throws IOException {
  var programs = new ArrayList<Subprocess>();
  try {
    for (var command : commands) {
      programs.add(Subprocess.exec(command, pipes));
    }
    var lines = new ArrayList<String>();
    taskGroup(
        group -> {
          group.createTask(() -> feed(input, programs.getFirst()));
          for (int i = 1; i < programs.size(); i++) {
            var source = programs.get(i - 1);
            var target = programs.get(i);
            group.createTask(() -> connect(source, target));
          }
          programs.getLast().stdout().forEach(lines::add);
        });
    var statuses = new ArrayList<Integer>();
    for (var program : programs) {
      statuses.add(program.waitExit());
    }
    return new Outcome(lines, statuses);
  } finally {
    programs.forEach(Subprocess::close);
  }
}

void main() {
  String text = "the warp is still and the weft moves and the cloth grows and grows\n";
  run(
      () -> {
        IO.println("the words of a text that are used most:");
        var counted =
            pipeline(
                text.repeat(20_000),
                List.of(
                    List.of("tr", "-s", " ", "\n"),
                    List.of("sort"),
                    List.of("uniq", "-c"),
                    List.of("sort", "-rn"),
                    List.of("head", "-n", "3")));
        counted.lines().forEach(line -> IO.println("  " + line.strip()));
        IO.println("uniq has ended with status " + counted.statuses().get(2));

        IO.println("an endless program, of which three lines are enough:");
        var endless =
            pipeline("", List.of(List.of("yes", "again"), List.of("head", "-n", "3")));
        endless.lines().forEach(line -> IO.println("  " + line));
        int status = endless.statuses().getFirst();
        IO.println("it was " + (status == 0 ? "not " : "") + "told to end");
      });
}
