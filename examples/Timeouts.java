/// Deadlines: over a block of code, nested, moved, and over the waiting only.

import module weft;
import static weft.Weft.*;

final Duration shortly = Duration.ofMillis(100);
final Duration later = Duration.ofMillis(500);
final Duration never = Duration.ofHours(1);

String answer(Duration after) {
  try {
    sleep(after);
    return "the answer";
  } finally {
    IO.println("  (cleaned up)"); // a timeout is a cancellation: `finally` runs, and may suspend
  }
}

void inTime() throws TimeoutException {
  IO.println("in time:");
  String answer = timeout(later, () -> answer(shortly));
  IO.println("  " + answer);
}

void tooLate() {
  IO.println("too late:");
  try {
    timeout(shortly, () -> answer(never));
  } catch (TimeoutException e) {
    IO.println("  gave up");
  }
}

// Each deadline throws at its own `timeout` and nowhere else.
void nested() {
  IO.println("nested, the outer one is shorter:");
  try {
    timeout(shortly, () -> patiently());
  } catch (TimeoutException e) {
    IO.println("  the outer one gave up");
  }
}

void patiently() {
  try {
    timeout(later, () -> answer(never));
  } catch (TimeoutException e) {
    IO.println("  the inner one gave up");
  }
}

void moved() {
  IO.println("moved, as long as there is progress:");
  try {
    timeout(later, this::progress);
  } catch (TimeoutException e) {
    IO.println("  no more progress: gave up");
  }
}

void progress(Timeout deadline) {
  for (int step = 1; step <= 4; step++) {
    sleep(Duration.ofMillis(150)); // four of them do not fit into `later`
    IO.println("  step " + step);
    deadline.restart(later);
  }
  sleep(never);
}

// `waitFor` cancels what it waits for, but this is only a shield in front of the task.
void shielded() {
  IO.println("only the waiting has an end:");
  Task<String> task = createTask(() -> answer(later));
  try {
    waitFor(shield(task), shortly);
  } catch (TimeoutException e) {
    IO.println("  gave up waiting, the task goes on");
  }
  IO.println("  " + await(task));
}

void main() {
  run(
      () -> {
        inTime();
        tooLate();
        nested();
        moved();
        shielded();
      });
}
