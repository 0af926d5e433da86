/// Task groups: tasks that begin together and end together, in whatever way.

import module weft;
import static weft.Weft.*;

String load(String what, int millis) {
  try {
    sleep(Duration.ofMillis(millis));
    IO.println("  loaded " + what);
    return what.toUpperCase(Locale.ROOT);
  } catch (CancelledError cancelled) {
    IO.println("  gave up " + what);
    throw cancelled; // clean up, and pass it on
  }
}

final int never = 3_600_000;

// The group returns when all of its tasks have ended, with what its body returns.
String all(TaskGroup group) {
  Task<String> head = group.createTask(() -> load("head", 20));
  Task<String> body = group.createTask(() -> load("body", 60));
  return await(head) + " " + await(body);
}

// If one fails, the others are cancelled. All failures are thrown, as one.
void failing(TaskGroup group) {
  group.createTask(() -> load("the slow one", never));
  for (String disk : List.of("sda", "sdb")) {
    group.createTask(() -> crash(disk));
  }
}

void crash(String disk) throws IOException {
  throw new IOException(disk + " is gone");
}

// Whoever is first ends the group.
void first(TaskGroup group, List<String> answers) {
  for (int millis : new int[] {never, 30, never}) {
    group.createTask(
        () -> {
          answers.add(load("copy after " + millis + " ms", millis));
          group.cancel();
        });
  }
}

void main() {
  run(
      () -> {
        IO.println("all succeed:");
        String page = taskGroup(this::all);
        IO.println("  " + page);

        IO.println("two fail, and the other one is cancelled:");
        try {
          taskGroup(this::failing);
        } catch (ExceptionGroup failures) {
          failures.exceptions().forEach(e -> IO.println("  " + e.getMessage()));
        }

        IO.println("the first answer is enough:");
        var answers = new ArrayList<String>();
        taskGroup((TaskGroup group) -> first(group, answers));
        IO.println("  " + answers);
      });
}
