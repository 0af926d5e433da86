package weft.bench;

import java.util.concurrent.TimeUnit;

/// Hello without Weft: `PlainHello SECONDS`. The least that launching a JVM costs.
final class PlainHello {
  private PlainHello() {}

  public static void main(String[] args) throws InterruptedException {
    System.out.println("Hello ...");
    TimeUnit.SECONDS.sleep(Integer.parseInt(args[0]));
    System.out.println("World!");
  }
}
