package weft.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.util.JavacTask;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/// What the prose says is true, as far as a machine can see: the code in it is code that runs, its
/// links lead somewhere, and the names in its tables exist.
///
/// A block of Java in README.md or `docs/guide` that is a part of a program follows a line `<!--
/// snippet: FileTest#region -->` and equals that region of a test of the core's `weft.guide`. With
/// a path in place of `FileTest`, it equals that file, or a region of it. A block that is a whole
/// program needs no such line, and is compiled.
class GuideTest {
  private static final Path SNIPPETS = Path.of("core", "src", "test", "java", "weft", "guide");
  private static final Pattern MARKER = Pattern.compile("<!-- snippet: ([^#]+?)(?:#(\\S+))? -->");
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern NAME =
      Pattern.compile("((?:[a-z]+\\.)*)([A-Z]\\w*(?:\\.[A-Z]\\w*)?)?\\.?([a-z]\\w*)?");
  private static final List<String> PACKAGES =
      List.of("weft.", "weft.sync.", "weft.io.", "java.lang.", "java.util.concurrent.");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final int DECISION_LINES_MAX = 40;

  @Test
  void codeInTheGuideIsTested() throws IOException {
    List<String> complaints = new ArrayList<>();
    for (Path page : pages().filter(GuideTest::isGuide).toList()) {
      List<String> lines = Files.readAllLines(page);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).equals("```java")) {
          int end = i + lines.subList(i, lines.size()).indexOf("```");
          String before = i == 0 ? "" : lines.get(i - 1);
          check(page + ":" + (i + 1), before, lines.subList(i + 1, end), complaints);
        }
      }
    }
    assertEquals("", String.join("\n", complaints), "Code in the guide and its tests differ");
  }

  private static void check(
      String place, String before, List<String> block, List<String> complaints) throws IOException {
    Matcher marker = MARKER.matcher(before);
    if (!marker.matches()) {
      boolean program = block.stream().anyMatch(l -> l.startsWith("void main("));
      String errors = program ? compile(String.join("\n", block)) : "no snippet is named before it";
      if (!errors.isEmpty()) {
        complaints.add(place + ": " + errors);
      }
      return;
    }
    String name = marker.group(1);
    Path file =
        Repository.ROOT.resolve(
            name.contains("/") ? Path.of(name) : SNIPPETS.resolve(name + ".java"));
    if (!Files.exists(file)) {
      complaints.add(place + ": there is no " + file);
      return;
    }
    String expected = String.join("\n", region(Files.readAllLines(file), marker.group(2)));
    if (!expected.equals(String.join("\n", block))) {
      complaints.add(place + ": differs from " + before + ", which is\n" + expected + "\n");
    }
  }

  /// The lines between the marks of javadoc's snippets, without their common indentation.
  private static List<String> region(List<String> lines, String region) {
    if (region == null) {
      return lines;
    }
    List<String> inside =
        lines.stream()
            .dropWhile(l -> !l.strip().equals("// @start region=\"" + region + "\""))
            .skip(1)
            .takeWhile(l -> !l.strip().equals("// @end region=\"" + region + "\""))
            .toList();
    return String.join("\n", inside).stripTrailing().stripIndent().lines().toList();
  }

  private static String compile(String program) throws IOException {
    var source =
        new SimpleJavaFileObject(URI.create("string:///Program.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return program;
          }
        };
    String modules =
        Repository.classes("core")
            + Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(e -> e.contains("jspecify"))
                .map(e -> File.pathSeparator + e)
                .collect(Collectors.joining());
    var found = new DiagnosticCollector<JavaFileObject>();
    var task =
        (JavacTask)
            ToolProvider.getSystemJavaCompiler()
                .getTask(
                    null,
                    null,
                    found,
                    List.of("--module-path", modules, "--add-modules", "weft", "-proc:none"),
                    null,
                    List.of(source));
    task.analyze();
    return found.getDiagnostics().stream()
        .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
        .map(Object::toString)
        .collect(Collectors.joining("\n"));
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path page : pages().toList()) {
      Matcher links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        String target = links.group(1).replaceFirst("#.*", "");
        boolean here = !target.isEmpty() && !target.contains(":");
        if (here && !Files.exists(page.resolveSibling(target).normalize())) {
          broken.add(page + ": " + links.group(1));
        }
      }
    }
    assertEquals("", String.join("\n", broken), "These links lead nowhere");
  }

  @Test
  void decisionsAreShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path page : pages().filter(p -> p.getParent().endsWith("adr")).toList()) {
      if (Files.readAllLines(page).size() > DECISION_LINES_MAX) {
        tooLong.add(page.toString());
      }
    }
    assertEquals("", String.join("\n", tooLong), "At most " + DECISION_LINES_MAX + " lines");
  }

  /// The second column of each table: types and methods of Weft or the JDK. A bare method is one of
  /// `weft.Weft`.
  @Test
  void theTableOfNamesNamesWhatExists() throws IOException {
    Path page = Repository.ROOT.resolve("docs", "guide", "asyncio-to-weft.md");
    List<String> unknown = new ArrayList<>();
    for (String line : Files.readAllLines(page)) {
      String[] cells = line.split("(?<!\\\\)\\|");
      if (cells.length >= 3 && !cells[2].strip().equals("Weft")) {
        CODE.matcher(cells[2])
            .results()
            .map(r -> r.group(1))
            .filter(n -> !exists(n))
            .forEach(unknown::add);
      }
    }
    assertEquals("", String.join("\n", unknown), page + " names what does not exist");
  }

  private static boolean exists(String name) {
    if (name.startsWith("-D") || name.matches("[A-Z_]+")) {
      return true; // a property or a variable of the environment
    }
    Matcher parts = NAME.matcher(name);
    if (!parts.matches()) {
      return false;
    }
    String type = parts.group(2) == null ? "Weft" : parts.group(2).replace('.', '$');
    String method = parts.group(3);
    return (parts.group(1).isEmpty() ? PACKAGES : List.of(parts.group(1)))
        .stream().anyMatch(in -> exists(in + type, method));
  }

  private static boolean exists(String typeName, String method) {
    try {
      Class<?> type = Class.forName(typeName);
      return Modifier.isPublic(type.getModifiers())
          && (method == null
              || Arrays.stream(type.getMethods()).anyMatch(m -> m.getName().equals(method)));
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static boolean isGuide(Path page) {
    return page.endsWith("README.md") || page.getParent().endsWith("guide");
  }

  /// The pages in the root and below `docs`.
  private static Stream<Path> pages() throws IOException {
    try (Stream<Path> root = Files.list(Repository.ROOT);
        Stream<Path> docs = Files.walk(Repository.ROOT.resolve("docs"))) {
      return Stream.concat(root, docs)
          .filter(p -> p.toString().endsWith(".md"))
          .sorted()
          .toList()
          .stream();
    }
  }
}
