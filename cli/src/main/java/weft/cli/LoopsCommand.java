package weft.cli;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import weft.EventLoopProvider;
import weft.Weft;

/// The table of event loops.
@Command(
    name = "loops",
    description = "Shows the event loops: which there are, which would be used and why.",
    mixinStandardHelpOptions = true,
    usageHelpWidth = Main.WIDTH)
final class LoopsCommand implements Callable<Integer> {
  @Option(
      names = "--loop",
      paramLabel = "NAME",
      description = "show the choice as with `run --loop NAME`")
  @org.jspecify.annotations.Nullable
  String loop;

  @Override
  public Integer call() {
    List<EventLoopProvider> providers = EventLoopProvider.all();
    int width = providers.stream().mapToInt(p -> p.name().length()).max().orElse(4);
    String format = "%-1s %-" + Math.max(width, 4) + "s  %5s  %s%n";
    EventLoopProvider chosen = null;
    RuntimeException refusal = null;
    try {
      chosen = EventLoopProvider.chosen(loop);
    } catch (RuntimeException e) {
      refusal = e;
    }
    System.out.printf(format, "", "LOOP", "RANK", "AVAILABLE");
    for (EventLoopProvider provider : providers) {
      boolean used = chosen != null && chosen.name().equals(provider.name());
      Optional<String> reason = provider.unavailable();
      String available = reason.map(r -> "no: " + r).orElse("yes");
      System.out.printf(format, used ? "*" : "", provider.name(), provider.rank(), available);
    }
    System.out.println();
    if (refusal != null) {
      System.out.flush();
      System.err.println("weft: " + refusal.getMessage());
      return 2;
    }
    System.out.println("* would be used: " + why() + "; engine: " + Weft.engine());
    return 0;
  }

  private String why() {
    if (loop != null) {
      return "chosen by --loop " + loop;
    }
    String property = System.getProperty("weft.loop");
    if (property != null && !property.isEmpty()) {
      return "chosen by -Dweft.loop=" + property;
    }
    String environment = System.getenv("WEFT_LOOP");
    if (environment != null && !environment.isEmpty()) {
      return "chosen by WEFT_LOOP=" + environment;
    }
    return "the default";
  }
}
