/// Two producers, three consumers, and a queue with four places between them.
///
/// `put` suspends while the queue is full: fast producers wait for slow consumers. When the
/// producers have ended, `shutdown` ends the stream: the consumers take what is left, and the next
/// `get` tells them that nothing more will come.

import module weft;
import static weft.Weft.*;

final int producers = 2;
final int consumers = 3;
final int itemsOfEach = 6;

void produce(int number, AsyncQueue<String> queue) {
  for (int i = 1; i <= itemsOfEach; i++) {
    sleep(Duration.ofMillis(10));
    queue.put("item " + number + "." + i);
    IO.println(
        "producer " + number + ": put " + number + "." + i + ", in the queue: " + queue.size());
  }
}

int consume(int number, AsyncQueue<String> queue) {
  int taken = 0;
  for (String item : queue) { // until the queue is shut down
    sleep(Duration.ofMillis(40)); // the work
    IO.println("consumer " + number + ": did " + item);
    taken++;
  }
  return taken;
}

void main() {
  run(
      () -> {
        var queue = new AsyncQueue<String>(4);
        var consuming = new ArrayList<Task<Integer>>();
        for (int i = 1; i <= consumers; i++) {
          int number = i;
          consuming.add(createTask(() -> consume(number, queue)));
        }
        taskGroup(
            group -> {
              for (int i = 1; i <= producers; i++) {
                int number = i;
                group.createTask(() -> produce(number, queue));
              }
            }); // here all producers have ended
        queue.shutdown();
        List<Integer> shares = await(gather(consuming));
        int total = shares.stream().mapToInt(Integer::intValue).sum();
        IO.println(total + " of " + producers * itemsOfEach + " items done");
      });
}
