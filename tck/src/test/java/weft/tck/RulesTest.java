package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/// The rules in `docs/spec/loop.md` and the tests that bear their numbers belong to each other.
class RulesTest {
  private static final Pattern RULE = Pattern.compile("(?m)^- \\*\\*(L\\d{2,3})\\*\\* ");
  private static final Pattern TEST = Pattern.compile("^(L\\d{2,3})_[a-z]\\w+$");

  @Test
  void everyRuleHasATestAndEveryNumberARule() throws Exception {
    assertEquals(new TreeSet<>(rules()), provenRules());
  }

  @Test
  void noRuleIsNumberedTwice() throws Exception {
    var rules = rules();
    assertFalse(rules.isEmpty());
    assertEquals(rules.size(), new TreeSet<>(rules).size());
  }

  private static List<String> rules() throws IOException {
    String spec = Files.readString(root().resolve("docs/spec/loop.md"));
    return RULE.matcher(spec).results().map((MatchResult r) -> r.group(1)).toList();
  }

  private static TreeSet<String> provenRules() throws Exception {
    var proven = new TreeSet<String>();
    for (Class<?> suite : suites()) {
      for (var method : suite.getDeclaredMethods()) {
        var matcher = TEST.matcher(method.getName());
        if (isTest(method) && matcher.matches()) {
          proven.add(matcher.group(1));
        }
      }
    }
    return proven;
  }

  private static boolean isTest(Method method) {
    return method.isAnnotationPresent(Test.class)
        || method.isAnnotationPresent(ParameterizedTest.class);
  }

  private static List<Class<?>> suites() throws Exception {
    var suites = new ArrayList<Class<?>>(List.of(InterruptTest.class));
    Path folder = root().resolve("tck/src/main/java/weft/tck");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith("Suite.java")) {
          suites.add(Class.forName("weft.tck." + name.replace(".java", "")));
        }
      }
    }
    return suites;
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("docs/spec/loop.md"))) {
      here = here.getParent();
      if (here == null) {
        throw new AssertionError("docs/spec/loop.md is not above " + Path.of("").toAbsolutePath());
      }
    }
    return here;
  }
}
