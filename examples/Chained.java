/// Coroutines that await coroutines: what one returns, the next one needs.
///
/// An awaited coroutine runs at once, like a method that is called: within one chain everything
/// happens in order. Only `gather` makes the three chains run side by side, so that all of them
/// take hardly longer than one.

import module weft;
import static weft.Weft.*;

record User(int id, String name) {}

Coroutine<User> findUser(int id) {
  return async(
      () -> {
        sleep(Duration.ofMillis(100)); // a slow server
        return new User(id, List.of("Ada", "Grace", "Barbara").get(id));
      });
}

Coroutine<List<Integer>> findOrders(User user) {
  return async(
      () -> {
        sleep(Duration.ofMillis(100));
        return IntStream.rangeClosed(1, user.id() + 1).boxed().toList();
      });
}

// An ordinary method may suspend as well, even where the JDK calls it: methods have no colour.
int price(int order) {
  sleep(Duration.ofMillis(20));
  return order * 10;
}

Coroutine<String> report(int id) {
  return async(
      () -> {
        User user = await(findUser(id));
        List<Integer> orders = await(findOrders(user));
        int total = orders.stream().mapToInt(this::price).sum();
        return user.name() + ": " + orders.size() + " orders, " + total + " in all";
      });
}

void main() {
  long start = System.nanoTime();
  List<String> reports = run(() -> await(gather(report(0), report(1), report(2))));
  reports.forEach(IO::println);
  IO.println("took " + Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms");
}
